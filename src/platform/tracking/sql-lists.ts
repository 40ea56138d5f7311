import { CompiledQuery, type RawBuilder, sql } from 'kysely'
import type { Dialect, Queries } from '../database/index.ts'

/** `column IN (values)` with one bound parameter however many values there are. */
export function among(
  dialect: Dialect,
  column: RawBuilder<unknown>,
  values: readonly (string | number)[],
): RawBuilder<boolean> {
  if (dialect === 'sqlite') {
    return sql<boolean>`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`
  }
  const type = typeof values[0] === 'string' ? sql`text[]` : sql`bigint[]`
  return sql<boolean>`${column} = ANY(${[...values]}::${type})`
}

export type ColumnType = 'bigint' | 'double precision' | 'text'
export type SqlValue = string | number | null

export interface BulkInsert {
  readonly table: string
  /** Column names and types, in the order of a row's values. */
  readonly columns: readonly (readonly [string, ColumnType])[]
  readonly rows: readonly (readonly SqlValue[])[]
  /** What follows the rows, such as `ON CONFLICT DO NOTHING`; plain SQL of ours. */
  readonly ending: string
}

/** SQLite binds at most 32,766 parameters a statement; rows here have at most nine. */
const MOST_ROWS = 256

/**
 * Inserts many rows with few statements: on PostgreSQL one with an array a column, on SQLite a
 * handful whose sizes are powers of two, so that every one of them stays prepared. Numbers are bound
 * as they are: SQLite's own parser of decimal texts is not exact to the last bit.
 */
export async function insertRows(
  queries: Queries,
  dialect: Dialect,
  insert: BulkInsert,
): Promise<void> {
  if (insert.rows.length === 0) return
  if (dialect === 'postgres') {
    await run(queries, postgresText(insert), postgresArrays(insert))
    return
  }
  for (let start = 0, size = MOST_ROWS; start < insert.rows.length; ) {
    while (size > insert.rows.length - start) size /= 2
    const rows = insert.rows.slice(start, start + size)
    await run(queries, sqliteText(insert, size), rows.flat())
    start += size
  }
}

/** Runs SQL text of ours with bound values: for statements too hot to be built anew each time. */
export async function run<Row>(
  queries: Queries,
  text: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const { rows } = await queries.executeQuery<Row>(
    CompiledQuery.raw(text, [...values]) as CompiledQuery<Row>,
  )
  return rows
}

function head({ table, columns }: BulkInsert): string {
  return `INSERT INTO ${table} (${columns.map(([name]) => name).join(', ')})`
}

function sqliteText(insert: BulkInsert, rows: number): string {
  const row = `(${insert.columns.map(() => '?').join(',')})`
  return `${head(insert)} VALUES ${Array(rows).fill(row).join(',')} ${insert.ending}`
}

function postgresText(insert: BulkInsert): string {
  const arrays = insert.columns.map(([, type], index) => `$${index + 1}::${type}[]`)
  return `${head(insert)} SELECT * FROM unnest(${arrays.join(', ')}) ${insert.ending}`
}

function postgresArrays({ columns, rows }: BulkInsert): unknown[] {
  return columns.map(([, type], index) =>
    type === 'text'
      ? rows.map((row) => row[index] ?? null)
      : `{${rows.map((row) => row[index] ?? 'NULL').join(',')}}`,
  )
}
