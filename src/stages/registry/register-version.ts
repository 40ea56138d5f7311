import { contentId } from '../../core/identity/index.ts'
import type { BeltLineage, ModelVersion } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { Transaction } from '../../platform/database/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import type { Tags } from '../../platform/tracking/index.ts'
import { findModelRow } from './catalog/catalog-rows.ts'
import { catalogErrors } from './catalog/errors.ts'
import type { NewCatalogVersion } from './catalog/model-catalog.ts'
import { registerCatalogVersion } from './catalog/register-catalog-version.ts'

/** What a version is made of. */
export type ModelVersionParts = Omit<ModelVersion, 'id' | 'version' | 'createdAt' | 'lineage'> & {
  readonly lineage: BeltLineage
}

export interface RegisterVersionOptions extends ModelVersionParts {
  readonly store: RecordStore
  readonly nowMs: number
  /** Where clients find the model; without it they see the version and cannot open it. */
  readonly published?: PublishedVersion | undefined
}

/** A logged model of the tracking store, and the run that made it. */
export type PublishedVersion = Required<
  Pick<NewCatalogVersion, 'source' | 'artifactUri' | 'runId' | 'modelId'>
>

/** Who registers what a belt has made. */
const BELT = { name: 'belt', from: 'platform' }

/**
 * Enters a model into the registry under the model's next number. The same file with the same
 * threshold and lineage is the same version again, whenever it is asked for, whether the call is
 * repeated, resumed after a crash, or made by two processes.
 * @throws MODEL_BELONGS_ELSEWHERE when another project has a model of that name
 */
export function registerVersion({
  store,
  nowMs,
  published,
  ...parts
}: RegisterVersionOptions): Promise<ModelVersion> {
  const { model, artifact, threshold, lineage } = parts
  const id = contentId('version', { model, artifact: artifact.digest, threshold, lineage })
  return store.within(async (transaction, inner) => {
    await ensureModel(transaction, { name: model, project: store.project, nowMs })
    const { value, changes } = await registerCatalogVersion(transaction, {
      by: BELT,
      given: {
        ...catalogVersionOf(parts, id),
        ...published,
        judgement: await judgementOf(inner, parts),
      },
      nowMs,
    })
    if (changes.length > 0) await store.listener(transaction, changes)
    const known = await inner.get('model-version', id)
    if (known !== undefined) return known
    const record: ModelVersion = { id, ...parts, version: value.version, createdAt: isoTime(nowMs) }
    await inner.put('model-version', id, record)
    return record
  })
}

async function ensureModel(
  transaction: Transaction,
  {
    name,
    project,
    nowMs,
  }: { readonly name: string; readonly project: string; readonly nowMs: number },
): Promise<void> {
  await transaction
    .insertInto('catalog_models')
    .values({ name, project, description: '', created_at_ms: nowMs, updated_at_ms: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const owner = (await findModelRow(transaction, name))?.project
  if (owner !== undefined && owner !== project) {
    throw catalogErrors.MODEL_BELONGS_ELSEWHERE({ model: name, project, owner })
  }
}

/** What clients of the registry see of a belt's version. */
function catalogVersionOf(parts: ModelVersionParts, recordId: string): NewCatalogVersion {
  const source = `esteira-artifact:/${parts.artifact.digest}`
  return {
    model: parts.model,
    source,
    artifactUri: source,
    runId: parts.lineage.run ?? undefined,
    tags: tagsOf(parts),
    user: BELT.name,
    recordId,
  }
}

function tagsOf({ candidate, metrics }: ModelVersionParts): Tags {
  const values = Object.entries(metrics).flatMap(([name, value]) =>
    value === null ? [] : [[`esteira.metric.${name}`, String(value)] as const],
  )
  return { 'esteira.candidate': candidate.name, ...Object.fromEntries(values) }
}

/** What a gate said of it; nothing when the lineage names no evaluation and verdict. */
async function judgementOf(store: RecordStore, { lineage }: ModelVersionParts) {
  const { evaluation, verdict } = lineage
  if (evaluation === null || verdict === null) return undefined
  const found = await store.get('verdict', verdict)
  return { evaluation, verdict, outcome: found?.outcome ?? null }
}
