import type { PlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from '../database/index.ts'
import { storageErrors } from './errors.ts'
import { shortenSql } from './sql-text.ts'

const FULL =
  /No space left on device|File too large|Disk quota exceeded|max_temp_directory_size|ENOSPC|EFBIG|EDQUOT/i
// The Parquet reader's own complaints; "Invalid Error" is how those of its decoder surface.
const UNREADABLE =
  /^Invalid Error:|^IO Error: (?!Extension)|No magic bytes|too small to be a Parquet file|Reached the end of the file|error in file|Corrupt|decompress/i
const PATH = /'([^']+\.parquet)'|"([^"]+\.parquet)"/

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * The engine's error as one of ours: disk full, unreadable table, or failed SQL.
 * @param files the Parquet files that the SQL is known to read
 */
export function tableError(
  error: unknown,
  sql: string,
  files: readonly string[] = [],
): PlatformError {
  const reason = reasonOf(error)
  const found = PATH.exec(reason) ?? PATH.exec(sql)
  const path = found?.[1] ?? found?.[2] ?? (files.length > 0 ? files.join(' or ') : undefined)
  if (FULL.test(reason))
    return databaseErrors.STORAGE_FULL({ path: path ?? 'temporary files', reason }, error)
  if (UNREADABLE.test(reason))
    return storageErrors.TABLE_UNREADABLE({ path: path ?? shortenSql(sql), reason }, error)
  return storageErrors.SQL_FAILED({ sql: shortenSql(sql), reason }, error)
}
