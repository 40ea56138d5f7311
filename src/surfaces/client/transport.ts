import { ClientError, errorOf } from './client-error.ts'

export interface ClientOptions {
  /** Such as `http://127.0.0.1:8080`. */
  readonly baseUrl: string
  /** An API token. */
  readonly token?: string
  /** @default the runtime's own */
  readonly fetch?: typeof fetch
  /** Times that a call is tried again when the server is busy or out of reach. @default 2 */
  readonly retries?: number
}

export interface WireRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** Whether sending it twice does what sending it once does. */
  readonly repeatable: boolean
  /** Waits longer than this many milliseconds are not begun. @default no limit */
  readonly timeLeftMs?: (() => number) | undefined
  /** @default whatever may pass by itself */
  readonly isWorthRepeating?: (failure: ClientError) => boolean
}

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 30_000

/** Sends one request; again when that is safe and the server asks for patience. */
export async function send(options: ClientOptions, request: WireRequest): Promise<Response> {
  const retries = request.repeatable ? (options.retries ?? 2) : 0
  for (let attempt = 0; ; attempt++) {
    const answer = await attemptOnce(options, request)
    if (answer instanceof Response && answer.ok) return answer
    const failure =
      answer instanceof Response ? errorOf(answer.status, await answer.text()) : answer
    if (attempt >= retries || !isWorthRepeating(request, failure)) throw failure
    const pauseMs = pauseBefore(attempt, answer)
    if (pauseMs >= (request.timeLeftMs?.() ?? Number.POSITIVE_INFINITY)) throw failure
    await pause(Math.min(pauseMs, LONGEST_PAUSE_MS), request.signal)
  }
}

function isWorthRepeating(request: WireRequest, failure: ClientError): boolean {
  if (request.signal?.aborted === true) return false
  return request.isWorthRepeating?.(failure) ?? failure.retryable
}

/** What the server asks for, or longer each time. */
function pauseBefore(attempt: number, answer: Response | ClientError): number {
  const asked = answer instanceof Response ? Number(answer.headers.get('retry-after')) : 0
  return asked > 0 ? asked * 1_000 : FIRST_PAUSE_MS * 2 ** attempt
}

async function attemptOnce(
  options: ClientOptions,
  request: WireRequest,
): Promise<Response | ClientError> {
  const { fetch: ask = fetch, token } = options
  const url = `${options.baseUrl.replace(/\/+$/, '')}${request.path}`
  try {
    return await ask(url, {
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
  } catch (cause) {
    if (request.signal?.aborted === true) throw cause
    return new ClientError(
      {
        code: 'SERVER_UNREACHABLE',
        message: `No answer from ${options.baseUrl}: ${reasonOf(cause)}`,
        status: 0,
        hint: 'Check that the server runs and that the address is right.',
        retryable: true,
        details: {},
      },
      cause,
    )
  }
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error ? (cause.cause ?? cause) : cause
  return inner instanceof Error ? inner.message : String(inner)
}

/** @throws the signal's reason */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
