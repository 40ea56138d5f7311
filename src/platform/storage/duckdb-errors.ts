import type { PlatformError } from '../../core/errors/index.ts'
import { storageErrors } from './errors.ts'
import { shortenSql } from './sql-text.ts'

const FULL =
  /No space left on device|File too large|Disk quota exceeded|max_temp_directory_size|ENOSPC|EFBIG|EDQUOT/i
const UNREADABLE =
  /No magic bytes|too small to be a Parquet file|No files found that match|Could not read enough bytes|don't know what type|TProtocol|Corrupt|ZSTD Decompression|Snappy decompression|Failed to decompress|Out of buffer|Reached the end of the file|Invalid parquet|Parquet file .* is|Error reading (page|parquet)/i
const PATH = /'([^']+\.parquet)'|"([^"]+\.parquet)"/

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The engine's error as one of ours: disk full, unreadable table, or failed SQL. */
export function tableError(error: unknown, sql: string, path?: string): PlatformError {
  const reason = reasonOf(error)
  const found = PATH.exec(reason) ?? PATH.exec(sql)
  const file = path ?? found?.[1] ?? found?.[2]
  if (FULL.test(reason))
    return storageErrors.STORAGE_FULL({ path: file ?? 'temporary files', reason }, error)
  if (UNREADABLE.test(reason))
    return storageErrors.TABLE_UNREADABLE({ path: file ?? shortenSql(sql), reason }, error)
  return storageErrors.SQL_FAILED({ sql: shortenSql(sql), reason }, error)
}
