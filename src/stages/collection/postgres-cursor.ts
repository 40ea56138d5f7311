import type { Client, QueryArrayResult } from 'pg'

const BATCH_ROWS = 5_000

/** DuckDB types by PostgreSQL's type numbers; everything else travels as text. */
const TYPES: Readonly<Record<number, string>> = {
  16: 'BOOLEAN',
  20: 'BIGINT',
  21: 'SMALLINT',
  23: 'INTEGER',
  700: 'FLOAT',
  701: 'DOUBLE',
  1082: 'DATE',
  1114: 'TIMESTAMP',
  1184: 'TIMESTAMPTZ',
  1700: 'DOUBLE',
}

type TextRow = Record<string, string | null>

/**
 * Runs a query through a server-side cursor.
 * @returns the DuckDB type of each column.
 */
export async function readCursor(
  client: Client,
  options: {
    readonly query: string
    readonly timeoutMs: number
    readonly onBatch: (rows: TextRow[]) => void
  },
): Promise<Record<string, string>> {
  const query = options.query.trim().replace(/;+$/, '')
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await client.query(`SET LOCAL statement_timeout = ${Math.max(1, Math.round(options.timeoutMs))}`)
  await client.query("SET LOCAL TimeZone = 'UTC'")
  await client.query("SET LOCAL DateStyle = 'ISO, YMD'")
  await client.query(`DECLARE esteira_rows NO SCROLL CURSOR FOR ${query}`)
  let types: Record<string, string> = {}
  for (;;) {
    const result: QueryArrayResult<(string | null)[]> = await client.query({
      text: `FETCH FORWARD ${BATCH_ROWS} FROM esteira_rows`,
      rowMode: 'array',
      // Texts as the server writes them: the driver's own parsing would go through local time.
      types: { getTypeParser: () => (text: string) => text },
    })
    const names = result.fields.map((field) => field.name)
    types = Object.fromEntries(
      result.fields.map((field) => [field.name, TYPES[field.dataTypeID] ?? 'VARCHAR']),
    )
    options.onBatch(result.rows.map((row) => toRow(names, row)))
    if (result.rows.length < BATCH_ROWS) break
  }
  await client.query('COMMIT')
  return types
}

function toRow(names: readonly string[], values: readonly (string | null)[]): TextRow {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]))
}
