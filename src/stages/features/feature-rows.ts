import type { FeatureTable } from '../../core/records/index.ts'
import {
  type FeatureValue,
  type OnlineRow,
  quoteIdentifier,
  quoteLiteral,
  type SqlValue,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { EVENT_TIME } from './feature-names.ts'

const BATCH_ROWS = 10_000

/**
 * Rows of a file in a feature table's layout as the online store takes them, in the file's order,
 * one batch in memory at a time.
 */
export async function* featureRows(options: {
  readonly engine: TableEngine
  readonly table: FeatureTable
  readonly path: string
  /** SQL condition over the file's columns. */
  readonly where: string
}): AsyncGenerator<OnlineRow[]> {
  const { engine, table } = options
  const columns = [...new Set([...table.keys, ...table.features.map(({ name }) => name)])]
  const select = columns.map(quoteIdentifier).join(', ')
  const file = `read_parquet(${quoteLiteral(options.path)}, file_row_number = true)`
  let last = -1
  for (;;) {
    const rows = await engine.query<Record<string, unknown>>(
      `SELECT ${select}, epoch_ms(${EVENT_TIME}) AS __ms, file_row_number AS __row FROM ${file}
       WHERE file_row_number > ${last} AND ${options.where} LIMIT ${BATCH_ROWS}`,
    )
    if (rows.length > 0) yield rows.map((row) => toOnlineRow(row, table))
    if (rows.length < BATCH_ROWS) return
    last = Number(rows.at(-1)?.__row)
  }
}

function toOnlineRow(row: Readonly<Record<string, unknown>>, table: FeatureTable): OnlineRow {
  return {
    keys: table.keys.map((key) => row[key] as SqlValue),
    values: Object.fromEntries(
      table.features.map(({ name }) => [name, (row[name] ?? null) as FeatureValue]),
    ),
    eventTimeMs: Number(row.__ms),
  }
}
