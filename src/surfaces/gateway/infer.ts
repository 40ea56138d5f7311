import { randomUUID } from 'node:crypto'
import type {
  DeploymentPolicy,
  ExposureEntry,
  ModelSignature,
  ModelVersion,
} from '../../core/records/index.ts'
import type { Clock } from '../../core/time/index.ts'
import { InputRow, type WrittenPrediction } from '../../platform/prediction-log/index.ts'
import type { RequestTrace } from '../../platform/telemetry/index.ts'
import type { Deadline } from './admission/deadline.ts'
import type { ModelInputs } from './assemble-inputs.ts'
import type { Cell } from './decode-column.ts'
import type { DecodedRows } from './decode-rows.ts'
import { checkOutputs, encodeOutputs, type RowAnswer, readAnswers } from './encode-response.ts'
import { gatewayErrors } from './errors.ts'
import { exposureKey } from './exposure-key.ts'
import type { FeatureLookup } from './features/look-up-features.ts'
import { gatherInputs } from './gather-inputs.ts'
import type { WriteLog } from './log-writer.ts'
import type { Mirror } from './mirror.ts'
import type { InferRequest, InferResponse } from './open-inference.ts'
import type { Routed, ServedEndpoint } from './served-endpoint.ts'
import { modelAttributes, viewAttributes } from './trace-attributes.ts'

export interface InferParts {
  readonly endpoint: ServedEndpoint
  readonly features: FeatureLookup
  readonly writeLog: WriteLog
  readonly clock: Clock
  readonly policy: DeploymentPolicy
  readonly acceptRequestTime: boolean
  readonly mirror: Mirror
  /** Told of every answer; undefined when nobody wants to know. */
  readonly payloads: { offer(answer: Inference, trace?: RequestTrace): void } | undefined
}

export interface InferCall {
  readonly request: InferRequest
  /** Asked for by the address; undefined lets the rollout choose. */
  readonly version: string | undefined
  /** Told as soon as a revision is chosen, so that failures count against it. */
  readonly onChosen: (version: number) => void
  /** Undefined when nothing is traced. */
  readonly trace?: RequestTrace | undefined
  /** Held before the model is asked and before the log is written; undefined is never. */
  readonly deadline?: Deadline | undefined
}

/** An answered request, before any protocol has put it into words. */
export interface Inference {
  readonly model: string
  readonly version: ModelVersion
  readonly role: Routed['chosen']['role']
  readonly requestId: string
  /** One a row. */
  readonly ids: readonly string[]
  /** The columns as they were sent. */
  readonly sent: DecodedRows['columns']
  readonly inputs: ModelInputs
  readonly answers: readonly RowAnswer[]
  /** Names of the outputs to give. */
  readonly outputs: readonly string[]
}

/**
 * Answers one inference request of any protocol: the answer exists only after its predictions are
 * in the log.
 */
export async function infer(parts: InferParts, call: InferCall): Promise<Inference> {
  const startedAt = performance.now()
  const { request } = call
  const requestId = request.id ?? soleId(request) ?? randomUUID()
  const routed =
    call.version === undefined
      ? parts.endpoint.route(requestId, exposureKey(request, parts))
      : parts.endpoint.routeTo(call.version)
  call.onChosen(routed.chosen.version)
  const hold = parts.endpoint.pool.hold(routed.revision)
  try {
    // What is there at once is not waited for: each wait costs a lone row more than its checks do.
    const loading = hold.inMemory(call.deadline)
    if (loading !== undefined) await loading
    return await answerWith(parts, call, { routed, requestId, startedAt })
  } finally {
    hold.release()
  }
}

interface Begun {
  readonly routed: Routed
  readonly requestId: string
  /** By `performance.now`. */
  readonly startedAt: number
}

/** With a revision that is in memory. */
async function answerWith(
  parts: InferParts,
  call: InferCall,
  { routed, requestId, startedAt }: Begun,
): Promise<Inference> {
  const { request, deadline, trace } = call
  const { revision, chosen } = routed
  const { version } = revision
  const model = parts.endpoint.name
  const outputs = checkOutputs(request.outputs, version)
  const timeMs = request.timeMs ?? parts.clock.now()
  trace?.enter('features.look-up', viewAttributes(routed))
  const gathering = gatherInputs(parts, request, { revision, timeMs, startedAt })
  const { inputs, sent } = gathering instanceof Promise ? await gathering : gathering
  deadline?.check()
  trace?.enter('model.predict', modelAttributes(model, routed, inputs.rows))
  const answers = readAnswers(await revision.predict(inputs, deadline), version)
  refuseNonFinite(answers, version.version)
  deadline?.check()
  const ids = rowIds(request, requestId, inputs.rows)
  const latencyUs = Math.round((performance.now() - startedAt) * 1_000)
  trace?.enter('prediction-log.write')
  const writing = parts.writeLog(() => ({
    entries: entriesOf({ endpoint: model, routed, ids, timeMs, inputs, answers, latencyUs }),
    exposures: exposuresOf(model, routed, { prediction: ids[0] ?? requestId, timeMs }),
  }))
  if (writing !== undefined) await writing
  trace?.leave()
  // A version asked for by name is nobody's stable answer.
  if (call.version === undefined) {
    parts.mirror.offer({ request, requestId, ids, timeMs, answers, latencyUs })
  }
  const { role } = chosen
  const answer = { model, version, role, requestId, ids, sent, inputs, answers, outputs }
  parts.payloads?.offer(answer, trace)
  return answer
}

/** The answer as the Open Inference Protocol has it. */
export function inferResponse({ answers, version, outputs, ...rest }: Inference): InferResponse {
  return {
    model_name: rest.model,
    model_version: String(version.version),
    id: rest.requestId,
    parameters: { role: rest.role, ids: rest.ids },
    outputs: encodeOutputs(answers, version, outputs),
  }
}

function soleId({ ids }: InferRequest): string | undefined {
  return ids?.length === 1 ? ids[0] : undefined
}

/** A prediction's id: the caller's own, the request's for a single row, `<request>/<row>` else. */
function rowIds(request: InferRequest, requestId: string, rows: number): readonly string[] {
  if (request.ids !== undefined) return request.ids
  return rows === 1 ? [requestId] : Array.from({ length: rows }, (_, row) => `${requestId}/${row}`)
}

/** One entry when an A/B run assigned the request; the log keeps a key's first. */
function exposuresOf(
  endpoint: string,
  { chosen }: Routed,
  at: { readonly prediction: string; readonly timeMs: number },
): ExposureEntry[] {
  const { exposure, version, role } = chosen
  if (exposure === undefined) return []
  const arm = role === 'treatment' ? 'treatment' : 'control'
  return [{ endpoint, ...exposure, arm, version, ...at }]
}

/** @throws ANSWER_NOT_FINITE */
export function refuseNonFinite(answers: readonly RowAnswer[], version: number): void {
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
}): WrittenPrediction[] {
  const { endpoint, routed, ids, timeMs, inputs, answers, latencyUs } = options
  const { version, role } = routed.chosen
  const names = namesOf(routed.revision.version.signature)
  return answers.map(({ output, decision }, row) => ({
    id: ids[row] ?? '',
    endpoint,
    version,
    role,
    timeMs,
    inputs: new InputRow(names, cellsOfRow(inputs, row)),
    output: [...output],
    decision,
    latencyUs,
    flags: [...(inputs.flags[row] ?? [])],
  }))
}

const knownNames = new WeakMap<ModelSignature, readonly string[]>()

function namesOf(signature: ModelSignature): readonly string[] {
  let names = knownNames.get(signature)
  if (names === undefined) {
    names = signature.inputs.map(({ name }) => name)
    knownNames.set(signature, names)
  }
  return names
}

function cellsOfRow({ columns }: ModelInputs, row: number): Cell[] {
  const cells = new Array<Cell>(columns.length)
  for (let at = 0; at < columns.length; at++) cells[at] = columns[at]?.[row] ?? null
  return cells
}
