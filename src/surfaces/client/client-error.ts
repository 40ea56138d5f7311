/** What the server refused or failed at, or that it could not be reached. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** Stable, such as `EXPERIMENT_NOT_FOUND`; `SERVER_UNREACHABLE` when there was no answer. */
  readonly code: string
  /** HTTP status; 0 without an answer. */
  readonly status: number
  /** What to do about it. */
  readonly hint: string
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(facts: ClientErrorFacts, cause?: unknown) {
    super(facts.message, cause === undefined ? undefined : { cause })
    this.code = facts.code
    this.status = facts.status
    this.hint = facts.hint
    this.retryable = facts.retryable
    this.details = facts.details
  }
}

export interface ClientErrorFacts {
  readonly code: string
  readonly message: string
  readonly status: number
  readonly hint: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
}

interface ErrorBody {
  readonly error?: string | Partial<ClientErrorFacts>
  readonly code?: string
  readonly hint?: string
}

/** Statuses of a server that is busy, restarting or late: the same request may succeed later. */
const PASSING = [429, 502, 503, 504]

/**
 * Reads an error body, of the API (`{error: {code, …}}`) or of predictions (`{error, code, hint}`);
 * whatever else came (a proxy's page, say) is named by its status.
 */
export function errorOf(status: number, text: string): ClientError {
  const fallback = {
    code: 'ANSWER_NOT_UNDERSTOOD',
    message: `The server answered ${status}: ${text.slice(0, 200)}`,
    status,
    hint: 'Check that the address is that of an Esteira server.',
    retryable: status === 429 || status >= 500,
    details: {},
  }
  try {
    const body = JSON.parse(text) as ErrorBody
    const { error, code = fallback.code, hint = fallback.hint } = body
    if (typeof error !== 'string') return new ClientError({ ...fallback, ...error, status })
    const retryable = PASSING.includes(status)
    return new ClientError({ ...fallback, message: error, code, hint, retryable })
  } catch {
    return new ClientError(fallback)
  }
}
