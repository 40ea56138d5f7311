import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api'
import { quoteIdentifier, subquery } from './sql-text.ts'
import type { ColumnValues, TableColumn } from './table-engine.ts'

const NUMBER_TYPE =
  /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|BOOLEAN|DECIMAL\(.*\))$/
const TIME_TYPE = /^(DATE|TIMESTAMP.*)$/

export function columnKind(type: string): ColumnValues['kind'] {
  if (NUMBER_TYPE.test(type)) return 'number'
  return TIME_TYPE.test(type) ? 'time' : 'text'
}

/**
 * The query with every column brought to DOUBLE or VARCHAR inside the engine, where the conversion
 * is vectorized. NULL numbers become NaN there too, so no validity mask is looked at per value.
 */
export function columnarSql(sql: string, columns: readonly TableColumn[]): string {
  const items = columns.map(({ name, type }) => {
    const column = quoteIdentifier(name)
    const kind = columnKind(type)
    if (kind === 'text') return `CAST(${column} AS VARCHAR) AS ${column}`
    const number = kind === 'time' ? `epoch_ms(CAST(${column} AS TIMESTAMP))` : column
    return `coalesce(CAST(${number} AS DOUBLE), 'NaN'::DOUBLE) AS ${column}`
  })
  return `SELECT ${items.join(', ')} FROM ${subquery(sql)}`
}

export function readNumbers(chunks: readonly DuckDBDataChunk[], index: number): Float64Array {
  const values = new Float64Array(rowsOf(chunks))
  let at = 0
  for (const chunk of chunks) {
    copyNumbers(chunk.getColumnVector(index), values, at)
    at += chunk.rowCount
  }
  return values
}

export function readTexts(chunks: readonly DuckDBDataChunk[], index: number): (string | null)[] {
  const values: (string | null)[] = []
  for (const chunk of chunks) {
    const vector = chunk.getColumnVector(index)
    for (let row = 0; row < vector.itemCount; row++) {
      const item = vector.getItem(row)
      values.push(typeof item === 'string' ? item : null)
    }
  }
  return values
}

function rowsOf(chunks: readonly DuckDBDataChunk[]): number {
  return chunks.reduce((rows, chunk) => rows + chunk.rowCount, 0)
}

function copyNumbers(vector: DuckDBVector, into: Float64Array, at: number): void {
  // The engine's own array when this build of the binding keeps it there: one copy instead of a
  // call per value. `getItem` gives the same numbers.
  const items: unknown = Reflect.get(vector, 'items')
  if (items instanceof Float64Array && items.length === vector.itemCount) {
    into.set(items, at)
    return
  }
  for (let row = 0; row < vector.itemCount; row++) {
    const item = vector.getItem(row)
    into[at + row] = typeof item === 'number' ? item : Number.NaN
  }
}
