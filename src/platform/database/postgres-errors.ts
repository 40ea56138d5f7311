import { isPlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from './errors.ts'

/** SQLSTATE classes and codes, from PostgreSQL's appendix A. */
const DEADLOCK = '40P01'
const SERIALIZATION_FAILURE = '40001'
const DISK_FULL = '53100'
const LOCK_NOT_AVAILABLE = '55P03'
/** Connection exceptions, insufficient resources (too many connections), operator intervention. */
const GONE_CLASSES = ['08', '53', '57']
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'ENOENT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
}

/** True for an error after which the same transaction may be tried again. */
export function isConflict(error: unknown): boolean {
  const cause = isPlatformError(error) ? error.cause : error
  const code = codeOf(cause)
  return code === DEADLOCK || code === SERIALIZATION_FAILURE
}

function isGone(error: Error, code: string | undefined): boolean {
  if (code !== undefined) {
    return SOCKET_CODES.has(code) || (code.length === 5 && GONE_CLASSES.includes(code.slice(0, 2)))
  }
  return /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable/i.test(
    error.message,
  )
}

/** PostgreSQL's error as one of ours; other errors unchanged. */
export function postgresError(error: unknown, path: string): unknown {
  if (isPlatformError(error) || !(error instanceof Error)) return error
  const code = codeOf(error)
  const details = { path, reason: error.message || (code ?? 'no reason given') }
  if (code === DISK_FULL) return databaseErrors.STORAGE_FULL(details, error)
  if (code === LOCK_NOT_AVAILABLE) return databaseErrors.DATABASE_BUSY(details, error)
  if (isGone(error, code)) return databaseErrors.DATABASE_UNREACHABLE(details, error)
  if (code === undefined) return error
  return databaseErrors.DATABASE_FAILED(details, error)
}
