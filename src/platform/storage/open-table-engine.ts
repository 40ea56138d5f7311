import type { TableEngineOptions } from './duckdb-table-engine.ts'
import type { TableEngine } from './table-engine.ts'

/**
 * DuckDB in memory, in UTC, without a way to fetch extensions; its settings are locked. Its library
 * is loaded at the first call: a process that never asks for tables stays without it.
 * @throws SQL_FAILED, TABLE_UNREADABLE, STORAGE_FULL from every call
 */
export async function openTableEngine(options: TableEngineOptions): Promise<TableEngine> {
  const { openDuckDb } = await import('./duckdb-table-engine.ts')
  return openDuckDb(options)
}
