import type { Pool } from 'pg'

/** Object ids of PostgreSQL's `bigint` and `numeric`. */
const BIGINT = 20
const NUMERIC = 1700
const CONNECT_TIMEOUT_MS = 10_000

export interface PostgresAddress {
  readonly url: string
  readonly place: string
  readonly connections: number
}

/** Connections that give integers as numbers. The first one is made by the first query. */
export async function createPool({ url, connections }: PostgresAddress): Promise<Pool> {
  // Loaded here, so that a laptop's SQLite does not wait for it.
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
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
