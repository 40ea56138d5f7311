import type { DeploymentPolicy, LabelEntry, ModelSignature } from '../../core/records/index.ts'
import type { Clock } from '../../core/time/index.ts'
import type { PredictionLog } from '../../platform/prediction-log/index.ts'
import { gatewayErrors } from './errors.ts'
import { RETRY_AFTER_SECONDS } from './log-writer.ts'
import { fieldsOf, idOf, invalid, listOf, momentOf, shown } from './parse-request.ts'

export interface TakeLabelsOptions {
  readonly body: unknown
  readonly log: PredictionLog
  readonly clock: Clock
  readonly policy: DeploymentPolicy['predictionLog']
  /** Of the stable version; undefined before the first one. */
  readonly signature: ModelSignature | undefined
}

/**
 * Stores labels that became known: `{labels: [{id, label, time?}]}`, all or none. An unknown id is
 * taken too, since a label may overtake its prediction's replication.
 * @returns how many were stored
 * @throws BODY_INVALID, FIELD_UNKNOWN, LABEL_WRONG, LABELS_NOT_KEPT, LABELS_NOT_STORED
 */
export async function takeLabels(options: TakeLabelsOptions): Promise<number> {
  const { body, log, clock, policy, signature } = options
  const { labels } = fieldsOf(body, 'the body', ['labels'])
  const entries = listOf(labels, 'labels').map((item, index): LabelEntry => {
    const where = `labels[${index}]`
    const { id, label, time } = fieldsOf(item, where, ['id', 'label', 'time'])
    return {
      id: idOf(id, `${where}.id`),
      label: labelText(label, { index, where, signature }),
      timeMs: time === undefined ? clock.now() : momentOf(time, `${where}.time`),
    }
  })
  if (policy.keep === 'none') throw gatewayErrors.LABELS_NOT_KEPT({})
  try {
    await log.appendLabels(entries, { durability: policy.durability })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw gatewayErrors.LABELS_NOT_STORED({ reason, retryAfterSeconds: RETRY_AFTER_SECONDS }, cause)
  }
  return entries.length
}

function labelText(
  label: unknown,
  context: {
    readonly index: number
    readonly where: string
    readonly signature: ModelSignature | undefined
  },
): string {
  const { index, where, signature } = context
  if (typeof label !== 'string' && typeof label !== 'number' && typeof label !== 'boolean') {
    throw invalid(`${where}.label`, 'a class label or a number', label)
  }
  const text = String(label)
  const known = signature?.classes ?? []
  const fits =
    known.length > 0
      ? known.includes(text)
      : signature?.problemType !== 'regression' ||
        (text.trim() !== '' && Number.isFinite(Number(text)))
  if (!fits) throw gatewayErrors.LABEL_WRONG({ index, got: shown(label), known })
  return text
}
