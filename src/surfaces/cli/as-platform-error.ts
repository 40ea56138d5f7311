import { isPlatformError, type PlatformError } from '../../core/errors/index.ts'
import { errors } from './errors.ts'

/** Any thrown value as an error with a code; an aborted command is an interruption, whatever it says. */
export function asPlatformError(error: unknown, signal: AbortSignal): PlatformError {
  if (signal.aborted) return errors.INTERRUPTED({}, error)
  if (isPlatformError(error)) return error
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return errors.UNEXPECTED({ reason }, error)
}
