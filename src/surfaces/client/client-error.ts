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

/** Reads an error body; whatever else came (a proxy's page, say) is named by its status. */
export function errorOf(status: number, text: string): ClientError {
  const fallback = {
    code: 'ANSWER_NOT_UNDERSTOOD',
    message: `The server answered ${status}: ${text.slice(0, 200)}`,
    status,
    hint: 'Check that the address is that of an Esteira server.',
    retryable: status >= 500,
    details: {},
  }
  try {
    const { error } = JSON.parse(text) as { error?: Partial<ClientErrorFacts> }
    return new ClientError({ ...fallback, ...error, status })
  } catch {
    return new ClientError(fallback)
  }
}
