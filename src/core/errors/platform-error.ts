import type { ExitName } from './exit-codes.ts'

/** Whose action is needed: the user's own code, the caller's input, or the system around us. */
export const BLAMES = ['user-code', 'caller', 'system'] as const
export type Blame = (typeof BLAMES)[number]

export type ErrorDetails = Readonly<Record<string, unknown>>

/** What one line of an error table says. Message: what failed, on which named thing, expected, got. */
export interface ErrorDefinition<D extends ErrorDetails> {
  /** HTTP status of the error at a server's door. */
  readonly status: number
  /** Name of the process exit code at the command line. */
  readonly exit: ExitName
  readonly blame: Blame
  /** True when the same call may succeed later without any change by the caller. */
  readonly retryable?: boolean
  readonly message: (details: D) => string
  /** What to do next, with the command where there is one. */
  readonly hint: (details: D) => string
}

export interface SerializedError {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly retryable: boolean
  readonly blame: Blame
  readonly details: ErrorDetails
}

/** The one error class of the platform: a closed code, named details, and a way out. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError'
  readonly code: string
  readonly hint: string
  readonly details: ErrorDetails
  readonly status: number
  readonly exit: ExitName
  readonly blame: Blame
  readonly retryable: boolean

  constructor(
    code: string,
    definition: ErrorDefinition<ErrorDetails>,
    details: ErrorDetails,
    cause?: unknown,
  ) {
    super(definition.message(details), cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = definition.hint(details)
    this.details = details
    this.status = definition.status
    this.exit = definition.exit
    this.blame = definition.blame
    this.retryable = definition.retryable ?? false
  }

  /** What crosses a wire or enters a log; the cause and the stack stay behind. */
  toJSON(): SerializedError {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      retryable: this.retryable,
      blame: this.blame,
      details: this.details,
    }
  }
}

/** An error constructor: `errors.SOURCE_UNREADABLE({ source, reason }, cause)`. */
export type ErrorFactory<D extends ErrorDetails> = (details: D, cause?: unknown) => PlatformError

type Factories<T> = {
  readonly [K in keyof T]: T[K] extends ErrorDefinition<infer D> ? ErrorFactory<D> : never
}

export interface ErrorTable {
  readonly definitions: Readonly<Record<string, ErrorDefinition<never>>>
}

/** Helps inference: states the shape of an error's details. */
export function problem<D extends ErrorDetails>(
  definition: ErrorDefinition<D>,
): ErrorDefinition<D> {
  return definition
}

/**
 * Turns a module's table of codes into typed factories. Each module keeps its table in `errors.ts`;
 * `docs/reference/errors.md` is generated from all of them.
 */
export function defineErrors<T extends Record<string, ErrorDefinition<never>>>(
  definitions: T,
): Factories<T> & { readonly table: ErrorTable } {
  const factories: Record<string, unknown> = { table: { definitions } }
  for (const [code, definition] of Object.entries(definitions)) {
    factories[code] = (details: ErrorDetails, cause?: unknown) =>
      new PlatformError(
        code,
        definition as unknown as ErrorDefinition<ErrorDetails>,
        details,
        cause,
      )
  }
  return factories as Factories<T> & { readonly table: ErrorTable }
}

/** True for a `PlatformError`, optionally of one code. */
export function isPlatformError(error: unknown, code?: string): error is PlatformError {
  return error instanceof PlatformError && (code === undefined || error.code === code)
}
