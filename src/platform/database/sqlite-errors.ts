import { isPlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from './errors.ts'

// Primary result codes of SQLite (the low byte of an extended code).
const BUSY = 5
const LOCKED = 6
const CORRUPT = 11
const FULL = 13
const NOT_A_DATABASE = 26
/** SQLITE_IOERR_WRITE: a write that the system refused, such as one over a quota or a size limit. */
const WRITE_REFUSED = 778

interface SqliteError extends Error {
  readonly errcode: number
  readonly errstr?: string
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}

/** True for a lock held by another connection. */
export function isBusy(error: unknown): boolean {
  return (
    isSqliteError(error) && ((error.errcode & 0xff) === BUSY || (error.errcode & 0xff) === LOCKED)
  )
}

/** SQLite's error as one of ours; other errors unchanged. */
export function databaseError(error: unknown, path: string): unknown {
  if (isPlatformError(error) || !isSqliteError(error)) return error
  const details = { path, reason: error.message }
  if (error.errcode === WRITE_REFUSED) return databaseErrors.STORAGE_FULL(details, error)
  switch (error.errcode & 0xff) {
    case FULL:
      return databaseErrors.STORAGE_FULL(details, error)
    case CORRUPT:
    case NOT_A_DATABASE:
      return databaseErrors.METADATA_CORRUPT(details, error)
    case BUSY:
    case LOCKED:
      return databaseErrors.DATABASE_BUSY(details, error)
    default:
      return databaseErrors.DATABASE_FAILED(details, error)
  }
}
