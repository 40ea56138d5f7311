import { errors } from './errors.ts'
import type { Attempt } from './retry.ts'
import { withoutSecrets } from './secrets.ts'

const LARGEST_PAGE_BYTES = 64 * 1024 * 1024
const MOST_REDIRECTS = 5

/** What every request of one source has in common. */
export interface HttpRequester {
  readonly source: string
  /** The address to show. */
  readonly origin: string
  readonly headers: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** One page, asked for once: its JSON, or a fault that says whether asking again may help. */
export async function requestPage(requester: HttpRequester, url: URL): Promise<Attempt<unknown>> {
  const timeout = AbortSignal.timeout(requester.timeoutMs)
  const signal = AbortSignal.any([requester.signal, timeout])
  const { source, origin } = requester
  try {
    const response = await followSameOrigin(requester, url, signal)
    if (response.status !== 200) {
      await response.body?.cancel()
      return statusFault(requester, response)
    }
    return { done: true, value: parseJson(requester, await readBody(requester, response)) }
  } catch (error) {
    if (requester.signal.aborted || (error instanceof Error && error.name === 'PlatformError')) {
      throw error
    }
    if (timeout.aborted) {
      const { timeoutMs } = requester
      const fault = (attempts: number) =>
        errors.SOURCE_TIMED_OUT({ source, origin, attempts, timeoutMs })
      return { done: false, retry: true, fault }
    }
    const reason = withoutSecrets(networkReason(error), requester.secrets)
    const fault = (attempts: number) =>
      errors.SOURCE_UNREACHABLE({ source, origin, attempts, reason })
    return { done: false, retry: true, fault }
  }
}

/** Redirects are followed by hand: headers with secrets must not reach another origin. */
async function followSameOrigin(
  requester: HttpRequester,
  url: URL,
  signal: AbortSignal,
): Promise<Response> {
  let address = url
  for (let hops = 0; hops <= MOST_REDIRECTS; hops++) {
    const response = await fetch(address, {
      headers: { accept: 'application/json', ...requester.headers },
      redirect: 'manual',
      signal,
    })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || location === null) return response
    await response.body?.cancel()
    address = sameOrigin(requester, address, location)
  }
  throw errors.SOURCE_TOO_LARGE({
    source: requester.source,
    origin: requester.origin,
    what: 'redirects',
    limit: MOST_REDIRECTS,
  })
}

/**
 * An address that an answer named.
 * @throws SOURCE_ORIGIN_CHANGED
 */
export function sameOrigin(requester: HttpRequester, base: URL, target: string): URL {
  const url = URL.canParse(target, base.href) ? new URL(target, base.href) : undefined
  if (url === undefined || url.origin !== base.origin) {
    throw errors.SOURCE_ORIGIN_CHANGED({
      source: requester.source,
      origin: requester.origin,
      target: withoutSecrets(url?.origin ?? 'no valid address', requester.secrets),
    })
  }
  return url
}

function statusFault(requester: HttpRequester, response: Response): Attempt<never> {
  const { source, origin } = requester
  const httpStatus = response.status
  const fault = (attempts: number) =>
    errors.SOURCE_HTTP_STATUS({ source, origin, httpStatus, attempts })
  const waitMs = retryAfterMs(response.headers.get('retry-after'))
  const passing = httpStatus >= 500 || httpStatus === 429 || httpStatus === 408
  return { done: false, retry: passing, fault, ...(waitMs === undefined ? {} : { waitMs }) }
}

/** Seconds, or a date, as RFC 9110 (10.2.3) allows. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1_000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

async function readBody(requester: HttpRequester, response: Response): Promise<string> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > LARGEST_PAGE_BYTES) {
      throw errors.SOURCE_TOO_LARGE({
        source: requester.source,
        origin: requester.origin,
        what: 'bytes in one page',
        limit: LARGEST_PAGE_BYTES,
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(requester: HttpRequester, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw errors.SOURCE_RESPONSE_INVALID({
      source: requester.source,
      origin: requester.origin,
      path: '$',
      expected: 'JSON',
      got: text === '' ? 'nothing' : 'text that is no JSON',
    })
  }
}

function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // fetch hides what happened behind "fetch failed".
  const cause = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause
  return cause instanceof Error ? cause.message : error.message
}
