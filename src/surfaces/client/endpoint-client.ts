import { ClientError } from './client-error.ts'
import {
  type EndpointMetadata,
  type PredictionAnswer,
  type PredictionExplanation,
  readExplanation,
  readMetadata,
  readPredictions,
} from './prediction-answer.ts'
import {
  columnsOf,
  type InputTensor,
  type InputValue,
  type PredictionInputs,
  tensorsOf,
} from './prediction-inputs.ts'
import { type ClientOptions, send } from './transport.ts'

export interface EndpointClientOptions extends ClientOptions {
  /** The endpoint's name, such as `churn`. */
  readonly endpoint: string
  /** Milliseconds until an answer must be there, all attempts together. @default 10,000 */
  readonly timeoutMs?: number
}

export interface AskOptions {
  readonly signal?: AbortSignal
  /** @default the client's */
  readonly timeoutMs?: number
}

export interface PredictOptions extends AskOptions {
  /** The request's id; of a single row it is also the prediction's. @default a new one */
  readonly id?: string
  /** One a row, by which labels are sent later. @default `<id>/<row>` for several rows */
  readonly ids?: readonly string[]
  /** Whom an A/B run keeps in one arm. */
  readonly key?: string
  /** Asks this version, whatever the rollout says. */
  readonly version?: number
}

/** What came true for a prediction. */
export interface LabelToSend {
  readonly id: string
  readonly label: string | number | boolean
  /** When it became known, ISO 8601. @default when it arrives */
  readonly time?: string
}

/** Predictions of one endpoint. */
export interface EndpointClient<Row extends object> {
  /**
   * Predicts rows, given one by one or as columns. A busy or restarting server is asked again under
   * the same id, so that the log keeps one prediction.
   * @throws ClientError with the server's code and hint; `ANSWER_TOO_LATE`, `SERVER_UNREACHABLE`,
   * `INPUTS_INVALID`; the signal's reason when it is aborted
   */
  predict(inputs: PredictionInputs<Row>, options?: PredictOptions): Promise<PredictionAnswer>
  /** What each row's answer owes to each input; nothing is logged. */
  explain(inputs: PredictionInputs<Row>, options?: AskOptions): Promise<PredictionExplanation>
  /** Sends what came true. @returns how many were kept: all or none */
  label(labels: readonly LabelToSend[], options?: AskOptions): Promise<number>
  /** What the model takes and gives. */
  metadata(options?: AskOptions): Promise<EndpointMetadata>
  /** Whether the endpoint answers now. */
  ready(options?: AskOptions): Promise<boolean>
}

const TIMEOUT_MS = 10_000
/** Statuses after which asking again is both safe and of use. */
const BUSY = [0, 429, 502, 503]

/**
 * A client of one endpoint's predictions, for Node and browsers. `Row` types the inputs.
 * @example
 * const churn = createEndpointClient<{ plan: string; months: number }>({
 *   baseUrl: 'http://127.0.0.1:8080',
 *   endpoint: 'churn',
 * })
 * const { predictions } = await churn.predict([{ plan: 'monthly', months: 4 }], { id: 'c6000' })
 */
export function createEndpointClient<Row extends object = Record<string, InputValue>>(
  options: EndpointClientOptions,
): EndpointClient<Row> {
  const model = encodeURIComponent(options.endpoint)
  const ask = (request: Asked, call?: AskOptions) => askOnce(options, request, call)
  const metadata = async (call?: AskOptions) =>
    readMetadata(await ask({ method: 'GET', path: `/v2/models/${model}` }, call))
  return {
    metadata,
    async predict(inputs, { id = crypto.randomUUID(), ids, key, version, ...call } = {}) {
      const tensors = tensorsOf(inputs)
      const isTyped = tensors.every(({ datatype }) => datatype !== undefined)
      const complete = isTyped ? tensors : typed(tensors, await metadata(call))
      const parameters = { ...(ids && { ids }), ...(key !== undefined && { key }) }
      const suffix = version === undefined ? '' : `/versions/${version}`
      const path = `/v2/models/${model}${suffix}/infer`
      const body = { id, parameters, inputs: complete }
      return readPredictions(await ask({ method: 'POST', path, body }, call))
    },
    async explain(inputs, call) {
      const columns = [...columnsOf(inputs)].map(([name, values]) => [name, values.map(orNull)])
      const body = { inputs: Object.fromEntries(columns) }
      const path = `/v1/models/${model}:explain`
      return readExplanation(await ask({ method: 'POST', path, body }, call))
    },
    async label(labels, call) {
      const path = `/v1/labels?endpoint=${model}`
      const answer = await ask({ method: 'POST', path, body: { labels } }, call)
      return (answer as { readonly accepted: number }).accepted
    },
    async ready(call) {
      try {
        await ask({ method: 'GET', path: `/v2/models/${model}/ready`, isTriedOnce: true }, call)
        return true
      } catch (error) {
        if (error instanceof ClientError && error.status === 503) return false
        throw error
      }
    },
  }
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly isTriedOnce?: boolean
}

async function askOnce(
  options: EndpointClientOptions,
  { isTriedOnce = false, ...request }: Asked,
  { signal, timeoutMs = options.timeoutMs ?? TIMEOUT_MS }: AskOptions = {},
): Promise<unknown> {
  const endsAtMs = performance.now() + timeoutMs
  const timeLeftMs = () => endsAtMs - performance.now()
  const late = AbortSignal.timeout(timeoutMs)
  try {
    const response = await send(options, {
      ...request,
      // The server gives up with us, and spends nothing on an answer that nobody reads.
      headers: { 'x-envoy-expected-rq-timeout-ms': String(Math.ceil(timeoutMs)) },
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      repeatable: !isTriedOnce,
      timeLeftMs,
      isWorthRepeating: ({ status }) => BUSY.includes(status),
    })
    return await response.json()
  } catch (error) {
    if (late.aborted && signal?.aborted !== true && !(error instanceof ClientError)) {
      throw tooLate(options.endpoint, timeoutMs, error)
    }
    throw error
  }
}

function tooLate(endpoint: string, timeoutMs: number, cause: unknown): ClientError {
  return new ClientError(
    {
      code: 'ANSWER_TOO_LATE',
      message: `Endpoint "${endpoint}" did not answer within ${timeoutMs} ms.`,
      status: 0,
      hint: 'Allow more time by `timeoutMs`, send fewer rows, or look at the load of the server.',
      retryable: true,
      details: { timeoutMs },
    },
    cause,
  )
}

/** Columns without any value get the datatype that the model declares. */
function typed(tensors: readonly InputTensor[], { inputs }: EndpointMetadata) {
  const declared = new Map(inputs.map(({ name, datatype }) => [name, datatype]))
  return tensors.map(({ datatype, ...tensor }) => ({
    ...tensor,
    datatype: datatype ?? declared.get(tensor.name) ?? 'FP64',
  }))
}

function orNull(value: InputValue) {
  return value === undefined || Number.isNaN(value) ? null : value
}
