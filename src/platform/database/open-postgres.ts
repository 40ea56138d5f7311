import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import type { Database } from './database.ts'
import { databaseErrors } from './errors.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { PostgresDriver } from './postgres-driver.ts'
import { isConflict, postgresError } from './postgres-errors.ts'
import type { DatabaseTables } from './tables/index.ts'
import { TransactionScope } from './transaction-scope.ts'

/** Object ids of PostgreSQL's `bigint` and `numeric`. */
const BIGINT = 20
const NUMERIC = 1700
/** Any number that is the same for all: whoever migrates holds this advisory lock. */
const MIGRATION_LOCK = 7_351_846_520
const CONNECT_TIMEOUT_MS = 10_000
/** Times that a transaction is tried again after a deadlock. */
const RETRIES = 5

export interface PostgresAddress {
  readonly url: string
  readonly place: string
  readonly connections: number
}

/** @throws DATABASE_UNREACHABLE, METADATA_TOO_NEW, DATABASE_FAILED */
export async function openPostgres(address: PostgresAddress): Promise<Database> {
  const pool = await createPool(address)
  const { place } = address
  const scope = new TransactionScope()
  const queries = new Kysely<DatabaseTables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new PostgresDriver(pool, place, scope),
      createIntrospector: (database) => new PostgresIntrospector(database),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  // The query builder ends only a driver that it used; a pool is ended once.
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= queries.destroy().then(() => pool.end())
    return closing
  }
  try {
    await migratePostgres(pool, place)
  } catch (error) {
    await close()
    throw postgresError(error, place)
  }
  return {
    dialect: 'postgres',
    place,
    queries,
    transaction: (work) =>
      retryConflicts(() =>
        queries.transaction().execute((transaction) => scope.run(() => work(transaction))),
      ),
    async ping() {
      try {
        await pool.query('SELECT 1')
      } catch (error) {
        throw postgresError(error, place)
      }
    },
    close,
  }
}

async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isConflict(error) || attempt >= RETRIES) throw error
    }
  }
}

async function createPool({ url, connections }: PostgresAddress): Promise<Pool> {
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

/** All pending scripts in one transaction, by one process at a time. */
async function migratePostgres(pool: Pool, place: string): Promise<void> {
  const client = await pool.connect()
  try {
    const found = await schemaOf(client)
    if (found === MIGRATIONS.length) return
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await migrateInTransaction(client, place)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** Runs the scripts that are missing; the caller begins, locks and commits. */
export async function migrateInTransaction(client: PoolClient, place: string): Promise<void> {
  const found = await schemaOf(client)
  const known = MIGRATIONS.length
  if (found > known) throw databaseErrors.METADATA_TOO_NEW({ path: place, found, known })
  for (const { postgres } of MIGRATIONS.slice(found)) await client.query(postgres)
  await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)')
  await client.query('DELETE FROM schema_version')
  await client.query('INSERT INTO schema_version VALUES ($1)', [known])
}

async function schemaOf(client: PoolClient): Promise<number> {
  // Not to_regclass: it answers from a cache that waiting for the lock does not refresh.
  const { rows } = await client.query(
    "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version') AS there",
  )
  if (rows[0]?.there !== true) return 0
  const version = await client.query('SELECT version FROM schema_version')
  return Number(version.rows[0]?.version ?? 0)
}
