import {
  API_PREFIX,
  OPERATIONS,
  type Operation,
  type OperationAnswer,
  type OperationName,
  type OperationRequest,
  type OperationTable,
} from '../api-contract/index.ts'
import { type Progress, readProgress } from './progress.ts'
import { type ClientOptions, send } from './transport.ts'

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Change only what still has this tag; see `tagOf`. */
  readonly ifMatch?: string
  /** Names a creation, so that it happens once. @default a new one for each call */
  readonly idempotencyKey?: string
}

type CallOf<O extends Operation> =
  Partial<Record<never, never>> extends OperationRequest<O>
    ? (request?: OperationRequest<O>, options?: CallOptions) => Promise<OperationAnswer<O>>
    : (request: OperationRequest<O>, options?: CallOptions) => Promise<OperationAnswer<O>>

type ResourceName = OperationName extends `${infer R}.${string}` ? R : never
type VerbOf<R extends string> =
  Extract<OperationName, `${R}.${string}`> extends `${R}.${infer V}` ? V : never

/** Every operation as `client.<resource>.<verb>(request)`. */
export type Calls = {
  readonly [R in ResourceName]: {
    readonly [V in VerbOf<R>]: CallOf<OperationTable[Extract<OperationName, `${R}.${V}`>]>
  }
}

export interface EsteiraClient extends Calls {
  /** The ETag that an answer came with, for `ifMatch`; undefined when it had none. */
  tagOf(answer: object): string | undefined
  /** All items of a list, page by page: `client.each(client.runs.list, { query: { … } })`. */
  each<Request extends { readonly query?: object }, Item>(
    list: (request: Request, options?: CallOptions) => Promise<ListAnswer<Item>>,
    request: Request,
  ): AsyncGenerator<Item>
  /** What belts do, as they do it; ends with the signal. Goes on after a lost connection. */
  progress(options?: {
    readonly project?: string
    readonly after?: number
    readonly signal?: AbortSignal
  }): AsyncGenerator<Progress>
}

interface ListAnswer<Item> {
  readonly items: readonly Item[]
  readonly nextPageToken?: string | undefined
}

interface AnyRequest {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** A client of the server's own API, typed from the same table that the server is made from. */
export function createClient(options: ClientOptions): EsteiraClient {
  const tags = new WeakMap<object, string>()
  const calls: Record<string, Record<string, unknown>> = {}
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const [resource = '', verb = ''] = name.split('.')
    calls[resource] ??= {}
    calls[resource][verb] = (request: AnyRequest = {}, call: CallOptions = {}) =>
      perform({ options, operation, tags }, request, call)
  }
  return {
    ...(calls as Calls),
    tagOf: (answer) => tags.get(answer),
    async *each(list, request) {
      let pageToken: string | undefined
      do {
        const query = { ...request.query, ...(pageToken === undefined ? {} : { pageToken }) }
        const page = await list({ ...request, query })
        yield* page.items
        pageToken = page.nextPageToken
      } while (pageToken !== undefined)
    },
    progress: (wanted = {}) => readProgress(options, wanted),
  }
}

interface Performing {
  readonly options: ClientOptions
  readonly operation: Operation
  readonly tags: WeakMap<object, string>
}

async function perform(
  { options, operation, tags }: Performing,
  request: AnyRequest,
  call: CallOptions,
): Promise<unknown> {
  const response = await send(options, {
    method: operation.method,
    path: pathOf(operation.path, request),
    headers: headersOf(operation, call),
    body: request.body,
    signal: call.signal,
    repeatable: operation.method !== 'POST' || operation.idempotent === true,
  })
  if (response.status === 204) return undefined
  const answer: unknown = operation.response?.parse(await response.json())
  const tag = response.headers.get('etag')
  if (tag !== null && typeof answer === 'object' && answer !== null) tags.set(answer, tag)
  return answer
}

function headersOf(operation: Operation, call: CallOptions): Record<string, string> {
  const headers: Record<string, string> = {}
  if (operation.idempotent === true) {
    headers['idempotency-key'] = call.idempotencyKey ?? crypto.randomUUID()
  }
  if (call.ifMatch !== undefined) headers['if-match'] = call.ifMatch
  return headers
}

function pathOf(template: string, { params = {}, query = {} }: AnyRequest): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value))
  }
  return `${API_PREFIX}${path}${search.size === 0 ? '' : `?${search}`}`
}
