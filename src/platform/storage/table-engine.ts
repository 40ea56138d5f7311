export interface TableColumn {
  readonly name: string
  /** DuckDB's type name. */
  readonly type: string
}

export type SqlValue = string | number | bigint | boolean | null

/**
 * One column read as a whole. Numbers: every numeric type and BOOLEAN (0 or 1), missing is NaN.
 * Times: milliseconds since 1970 in UTC, missing is NaN. Everything else is text, missing is null.
 */
export type ColumnValues =
  | { readonly kind: 'number' | 'time'; readonly type: string; readonly values: Float64Array }
  | { readonly kind: 'text'; readonly type: string; readonly values: (string | null)[] }

/**
 * DuckDB in this process: one connection, in-memory catalogue, tables as views over Parquet.
 * Calls run one after the other. Errors of the SQL carry the engine's text.
 */
export interface TableEngine {
  /** Rows as plain objects; BIGINT and DECIMAL as numbers, TIMESTAMP as ISO text in UTC. */
  query<T = Record<string, unknown>>(sql: string, parameters?: readonly SqlValue[]): Promise<T[]>
  /**
   * A query's columns as typed arrays, in the query's order: the fast way for whole tables.
   * Column names must be distinct.
   */
  columns(sql: string): Promise<Record<string, ColumnValues>>
  execute(sql: string): Promise<void>
  /** Makes a Parquet file visible as a view. */
  register(name: string, parquetPath: string): Promise<void>
  /** Columns of a query without running it. */
  describe(sql: string): Promise<TableColumn[]>
  /**
   * Writes a query's rows to Parquet in the query's order, the same bytes for the same rows.
   * @returns the number of rows.
   */
  writeParquet(sql: string, path: string): Promise<number>
  close(): void
}
