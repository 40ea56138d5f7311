import type { Pool } from 'pg'

/** Object ids of PostgreSQL's `bigint` and `numeric`. */
const BIGINT = 20
const NUMERIC = 1700
const CONNECT_TIMEOUT_MS = 10_000
/** A line that broke without a word would be waited for as long as the system's TCP likes. */
const QUERY_TIMEOUT_MS = 60_000

export interface PostgresAddress {
  readonly url: string
  readonly place: string
  readonly connections: number
}

/**
 * Connections that give integers as numbers. The first one is made by the first query. No answer
 * within a minute counts as unreachable; `?query_timeout=<ms>` in the URL says otherwise.
 */
export async function createPool({ url, connections }: PostgresAddress): Promise<Pool> {
  // Loaded here, so that a laptop's SQLite does not wait for it.
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'esteira',
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary') =>
        id === BIGINT || id === NUMERIC
          ? (text: string) => Number(text)
          : pg.types.getTypeParser(id, format as 'text'),
    },
  })
  // An idle connection that breaks is dropped by the pool; the next query opens another.
  pool.on('error', () => {})
  return pool
}
