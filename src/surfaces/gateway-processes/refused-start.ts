import {
  EXIT_CODES,
  type ExitName,
  isPlatformError,
  PlatformError,
} from '../../core/errors/index.ts'
import type { RefusedStart } from './messages.ts'

/** An error as it goes to the primary process; undefined for one that a second try may not meet. */
export function refusalOf(error: unknown): RefusedStart | undefined {
  if (!isPlatformError(error) || error.retryable) return undefined
  return { ...error.toJSON(), status: error.status, exit: error.exit }
}

/** The error again, as if it had happened here. */
export function errorOfRefusal(refused: RefusedStart): PlatformError {
  const { code, message, hint, details, status, blame, exit } = refused
  const definition = {
    status,
    blame,
    exit: isExitName(exit) ? exit : 'internal',
    message: () => message,
    hint: () => hint,
  } as const
  return new PlatformError(code, definition, details)
}

function isExitName(name: string): name is ExitName {
  return Object.hasOwn(EXIT_CODES, name)
}
