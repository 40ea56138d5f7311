import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { z } from 'zod'
import { isPlatformError } from '../../../core/errors/index.ts'
import { believe } from '../believe.ts'
import { importErrors } from '../errors.ts'

const ANSWER_TIMEOUT_MS = 120_000
const MOST_ANSWER_BYTES = 512 * 1024 * 1024
const MOST_REDIRECTS = 3
const WAITS_MS = [500, 2_000, 5_000]
const PASSING = new Set([429, 502, 503, 504])

export interface RestCredentials {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly token?: string | undefined
}

export interface RestCall<T extends z.ZodType> {
  /** Below the server's address. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Sent by POST when given, else it is a GET. */
  readonly body?: unknown
  readonly schema: T
  /** Returned when the server does not know the thing. */
  readonly missing?: z.infer<T>
}

interface Sending {
  readonly url: URL
  readonly body?: unknown
  /** Of the whole exchange; the beginning of the answer is always bounded. */
  readonly timeoutMs?: number
}

/** Speaks to one server and no other: a redirect elsewhere is refused, so credentials stay here. */
export class RestClient {
  readonly place: string
  readonly #base: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #signal: AbortSignal | undefined

  constructor(address: string, credentials: RestCredentials, signal?: AbortSignal) {
    const url = new URL(address)
    this.#headers = authorization(url, credentials)
    url.username = ''
    url.password = ''
    url.search = ''
    url.hash = ''
    this.place = url.href.replace(/\/+$/, '')
    this.#base = new URL(`${this.place}/`)
    this.#signal = signal
  }

  /** @throws IMPORT_SOURCE_UNREADABLE, IMPORT_SOURCE_REFUSED, IMPORT_ANSWER_INVALID */
  async json<T extends z.ZodType>(call: RestCall<T>): Promise<z.infer<T>> {
    const { path, body, schema, missing } = call
    const url = this.#urlOf(call)
    const answer = await this.#send({ url, body, timeoutMs: ANSWER_TIMEOUT_MS })
    if (answer.status === 404 && missing !== undefined) {
      await answer.body?.cancel()
      return missing
    }
    const at = { place: this.place, what: path }
    if (!answer.ok) throw await this.#refused(path, answer)
    return believe(schema, parse(await readBounded(answer, at), at), at)
  }

  /** The bytes of a file, as they come. */
  async stream(path: string, query: Readonly<Record<string, string>>): Promise<Readable> {
    const answer = await this.#send({ url: this.#urlOf({ path, query }) })
    if (!answer.ok) throw await this.#refused(path, answer)
    return answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body)
  }

  #urlOf({ path, query = {} }: Pick<RestCall<z.ZodType>, 'path' | 'query'>): URL {
    const url = new URL(path, this.#base)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, value)
    return url
  }

  async #send(sending: Sending): Promise<Response> {
    for (const waitMs of WAITS_MS) {
      const answer = await this.#once(sending).catch((error: unknown) => {
        if (this.#signal?.aborted || isPlatformError(error)) throw error
        return undefined
      })
      if (answer !== undefined && !PASSING.has(answer.status)) return answer
      await answer?.body?.cancel()
      await setTimeout(waitMs, undefined, { signal: this.#signal })
    }
    try {
      return await this.#once(sending)
    } catch (error) {
      this.#signal?.throwIfAborted()
      throw this.#unreadable(sending.url, error)
    }
  }

  async #once({ url, body, timeoutMs }: Sending): Promise<Response> {
    let target = url
    const timeout = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]
    const signal = AbortSignal.any([...timeout, ...(this.#signal ? [this.#signal] : [])])
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const answer = await fetch(target.href, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...this.#headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'manual',
        signal,
      })
      const location = answer.headers.get('location')
      if (answer.status < 300 || answer.status > 399 || location === null) return answer
      await answer.body?.cancel()
      target = this.#redirected(target, location, answer.status)
    }
    const reason = 'it redirects again and again'
    throw importErrors.IMPORT_ANSWER_INVALID({ place: this.place, what: url.pathname, reason })
  }

  #redirected(from: URL, location: string, status: number): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined
    if (to?.origin === this.#base.origin) return to
    const reason = `it redirects to ${to?.origin ?? 'nowhere'}`
    throw importErrors.IMPORT_SOURCE_REFUSED({
      place: this.place,
      what: from.pathname,
      status,
      reason,
    })
  }

  #unreadable(url: URL, error: unknown): unknown {
    if (isPlatformError(error)) return error
    const cause = error instanceof Error ? (error.cause ?? error) : error
    const reason = cause instanceof Error ? cause.message : String(cause)
    const what = url.pathname
    return importErrors.IMPORT_SOURCE_UNREADABLE({ place: this.place, what, reason }, error)
  }

  async #refused(what: string, answer: Response): Promise<Error> {
    const at = { place: this.place, what }
    const reason = (await readBounded(answer, at)).slice(0, 300)
    return importErrors.IMPORT_SOURCE_REFUSED({ ...at, status: answer.status, reason })
  }
}

/** By token, or by name and password, from the environment or from the address itself. */
function authorization(
  url: URL,
  { username, password, token }: RestCredentials,
): Readonly<Record<string, string>> {
  const name = username ?? decodeURIComponent(url.username)
  if (name !== '') {
    const secret = password ?? decodeURIComponent(url.password)
    return { authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}` }
  }
  return token ? { authorization: `Bearer ${token}` } : {}
}

interface Told {
  readonly place: string
  readonly what: string
}

async function readBounded(answer: Response, at: Told): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length
    if (bytes > MOST_ANSWER_BYTES)
      throw importErrors.IMPORT_ANSWER_INVALID({
        ...at,
        reason: `the answer is longer than ${MOST_ANSWER_BYTES} bytes`,
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string, at: Told): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = `it is no JSON: ${text.slice(0, 100)}`
    throw importErrors.IMPORT_ANSWER_INVALID({ ...at, reason }, error)
  }
}
