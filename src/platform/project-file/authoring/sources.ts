import type { SourceInput, SourceOptions } from './input-types.ts'

type SourceOf<K extends SourceInput['kind']> = Extract<SourceInput, { kind: K }>

/**
 * Parquet files; `path` is a glob, or several, relative to the project file.
 *
 * @example
 * parquet({ path: 'data/flights-*.parquet', knownAt: 'arrived_at' })
 */
export function parquet(options: SourceOptions<'parquet'>): SourceOf<'parquet'> {
  return { kind: 'parquet', ...options }
}

/**
 * CSV files (RFC 4180); column types are detected over the whole file unless declared in `types`.
 *
 * @example
 * csv({ path: 'data/orders.csv', delimiter: ';', types: { postcode: 'VARCHAR' } })
 */
export function csv(options: SourceOptions<'csv'>): SourceOf<'csv'> {
  return { kind: 'csv', ...options }
}

/**
 * Files with one JSON object a line.
 *
 * @example
 * jsonLines({ path: 'events/*.jsonl' })
 */
export function jsonLines(options: SourceOptions<'json-lines'>): SourceOf<'json-lines'> {
  return { kind: 'json-lines', ...options }
}

/**
 * A query to a SQLite or PostgreSQL database. Secrets stay out of the file: `${env:NAME}` in the
 * connection is replaced from the environment at run time.
 *
 * @example
 * sql({ connection: '${env:ORDERS_DATABASE}', query: 'SELECT * FROM orders' })
 */
export function sql(options: SourceOptions<'sql'>): SourceOf<'sql'> {
  return { kind: 'sql', ...options }
}

/**
 * A JSON API, read page by page. `items` is the dotted path of the array of rows in an answer.
 *
 * @example
 * httpJson({
 *   url: 'https://api.example.com/weather',
 *   items: 'data.rows',
 *   paging: { by: 'page', size: 500, sizeParameter: 'limit' },
 *   headers: { authorization: 'Bearer ${env:WEATHER_TOKEN}' },
 * })
 */
export function httpJson(options: SourceOptions<'http-json'>): SourceOf<'http-json'> {
  return { kind: 'http-json', ...options }
}
