import type { Pool, PoolClient } from 'pg'
import { isPlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from './errors.ts'
import type { Migration } from './migrations/index.ts'
import { postgresError } from './postgres-errors.ts'

/** Any number that is the same for all: whoever migrates holds this advisory lock. */
const MIGRATION_LOCK = 7_351_846_520
/** Scripts rewrite whole tables, and wait for another process that does: no limit but a day. */
const MIGRATION_TIMEOUT_MS = 86_400_000

export interface PostgresMigration {
  readonly place: string
  readonly migrations: readonly Migration[]
  /** Undo everything at the end. */
  readonly isRehearsal?: boolean
}

/**
 * All pending scripts in one transaction, by one process at a time.
 * @throws METADATA_TOO_NEW, DATABASE_FAILED
 */
export async function migratePostgres(pool: Pool, options: PostgresMigration): Promise<void> {
  const client = await pool.connect()
  try {
    if ((await schemaOf(client)) === options.migrations.length) return
    await client.query('BEGIN')
    await client.query(patient('SELECT pg_advisory_xact_lock($1)'), [MIGRATION_LOCK])
    await migrateInTransaction(client, options)
    await client.query(options.isRehearsal ? 'ROLLBACK' : 'COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** The number of scripts that were run; 0 for an empty database. */
export async function schemaOfPostgres(pool: Pool): Promise<number> {
  const client = await pool.connect()
  try {
    return await schemaOf(client)
  } finally {
    client.release()
  }
}

async function migrateInTransaction(
  client: PoolClient,
  { place, migrations }: PostgresMigration,
): Promise<void> {
  const found = await schemaOf(client)
  const known = migrations.length
  if (found > known) throw databaseErrors.METADATA_TOO_NEW({ path: place, found, known })
  for (const migration of migrations.slice(found)) await runScript(client, place, migration)
  await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)')
  await client.query('DELETE FROM schema_version')
  await client.query('INSERT INTO schema_version VALUES ($1)', [known])
}

async function runScript(client: PoolClient, place: string, migration: Migration): Promise<void> {
  try {
    await client.query(patient(migration.postgres))
  } catch (error) {
    const coded = postgresError(error, place)
    if (!isPlatformError(coded) || coded.code !== 'DATABASE_FAILED') throw coded
    const reason = `migration "${migration.name}": ${error instanceof Error ? error.message : error}`
    throw databaseErrors.DATABASE_FAILED({ path: place, reason }, error)
  }
}

/** A query whose answer may take its time. */
function patient(text: string) {
  return { text, query_timeout: MIGRATION_TIMEOUT_MS }
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
