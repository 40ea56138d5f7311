import { randomUUID } from 'node:crypto'
import type { DeploymentPolicy, PredictionEntry } from '../../core/records/index.ts'
import type { Clock } from '../../core/time/index.ts'
import type { OnlineStore } from '../../platform/storage/index.ts'
import { assembleInputs, type ModelInputs } from './assemble-inputs.ts'
import { decodeRows } from './decode-rows.ts'
import { checkOutputs, encodeOutputs, type RowAnswer, readAnswers } from './encode-response.ts'
import { gatewayErrors } from './errors.ts'
import type { WriteLog } from './log-writer.ts'
import { lookUpViews } from './look-up-views.ts'
import type { InferRequest, InferResponse } from './open-inference.ts'
import { parseRequest } from './parse-request.ts'
import type { Routed, ServedEndpoint } from './served-endpoint.ts'

export interface InferParts {
  readonly endpoint: ServedEndpoint
  readonly online: OnlineStore
  readonly writeLog: WriteLog
  readonly clock: Clock
  readonly policy: DeploymentPolicy
  readonly acceptRequestTime: boolean
}

export interface InferCall {
  readonly body: unknown
  /** Asked for by the address; undefined lets the rollout choose. */
  readonly version: string | undefined
  /** Told as soon as a revision is chosen, so that failures count against it. */
  readonly onChosen: (version: number) => void
}

/** Answers one inference request: the answer exists only after its predictions are in the log. */
export async function infer(parts: InferParts, call: InferCall): Promise<InferResponse> {
  const startedAt = performance.now()
  const request = parseRequest(call.body, parts)
  const requestId = request.id ?? soleId(request) ?? randomUUID()
  const routed =
    call.version === undefined
      ? parts.endpoint.route(requestId)
      : parts.endpoint.routeTo(call.version)
  call.onChosen(routed.chosen.version)
  return parts.endpoint.pool.use(routed.revision, async () => {
    const { version } = routed.revision
    const outputs = checkOutputs(request.outputs, version)
    const timeMs = request.timeMs ?? parts.clock.now()
    const inputs = gatherInputs(parts, request, { routed, timeMs })
    const answers = readAnswers(await routed.revision.predict(inputs), version)
    refuseNonFinite(answers, version.version)
    const ids = rowIds(request, requestId, inputs.rows)
    const latencyUs = Math.round((performance.now() - startedAt) * 1_000)
    await parts.writeLog(
      entriesOf({ endpoint: parts.endpoint.name, routed, ids, timeMs, inputs, answers, latencyUs }),
    )
    return {
      model_name: parts.endpoint.name,
      model_version: String(version.version),
      id: requestId,
      parameters: { role: routed.chosen.role, ids },
      outputs: encodeOutputs(answers, version, outputs),
    }
  })
}

function soleId({ ids }: InferRequest): string | undefined {
  return ids?.length === 1 ? ids[0] : undefined
}

/** A prediction's id: the caller's own, the request's for a single row, `<request>/<row>` else. */
function rowIds(request: InferRequest, requestId: string, rows: number): readonly string[] {
  if (request.ids !== undefined) return request.ids
  return rows === 1 ? [requestId] : Array.from({ length: rows }, (_, row) => `${requestId}/${row}`)
}

function gatherInputs(
  { online, policy }: InferParts,
  request: InferRequest,
  { routed, timeMs }: { readonly routed: Routed; readonly timeMs: number },
): ModelInputs {
  const { plan, version } = routed.revision
  const decoded = decodeRows(request, plan, policy.maxBatchRows)
  const features = lookUpViews(decoded, {
    online,
    views: plan.views,
    missingFeatures: policy.missingFeatures,
    timeMs,
  })
  const { signature } = version
  return assembleInputs(decoded, features, { signature, outOfRange: policy.outOfRange })
}

function refuseNonFinite(answers: readonly RowAnswer[], version: number): void {
  const row = answers.findIndex(({ output }) => !output.every(Number.isFinite))
  if (row >= 0) throw gatewayErrors.ANSWER_NOT_FINITE({ version, row })
}

function entriesOf(options: {
  readonly endpoint: string
  readonly routed: Routed
  readonly ids: readonly string[]
  readonly timeMs: number
  readonly inputs: ModelInputs
  readonly answers: readonly RowAnswer[]
  readonly latencyUs: number
}): PredictionEntry[] {
  const { endpoint, routed, ids, timeMs, inputs, answers, latencyUs } = options
  const names = routed.revision.version.signature.inputs.map(({ name }) => name)
  return answers.map(({ output, decision }, row) => ({
    id: ids[row] ?? '',
    endpoint,
    version: routed.chosen.version,
    role: routed.chosen.role,
    timeMs,
    inputs: Object.fromEntries(names.map((name, i) => [name, inputs.columns[i]?.[row] ?? null])),
    output: [...output],
    decision,
    latencyUs,
    flags: [...(inputs.flags[row] ?? [])],
  }))
}
