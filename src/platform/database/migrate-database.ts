import type { Dialect } from './database.ts'
import { type DatabaseAddress, parseDatabaseUrl } from './database-url.ts'
import { databaseErrors } from './errors.ts'
import { migratePostgres, schemaOfPostgres } from './migrate-postgres.ts'
import { MIGRATIONS, type Migration } from './migrations/index.ts'
import { openDatabase } from './open-database.ts'
import { postgresError } from './postgres-errors.ts'
import { createPool } from './postgres-pool.ts'
import { rehearseSqlite, schemaOfSqlite } from './rehearse-sqlite.ts'

/** Which steps of the schema a database has, and which it lacks, in order. */
export interface MigrationPlan {
  readonly dialect: Dialect
  /** Where the database is, without a password. */
  readonly place: string
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

export interface MigrateOptions {
  readonly url: string
  /** Run what is pending in a transaction that is rolled back. @default false */
  readonly isRehearsal?: boolean
  /** The steps that are known. @default all of this version */
  readonly migrations?: readonly Migration[]
}

export interface MigrationReport extends MigrationPlan {
  /** What became of the pending steps. */
  readonly outcome: 'nothing-pending' | 'rehearsed' | 'migrated'
}

/**
 * Looks at a database and changes nothing. A SQLite file that is not there has no step.
 * @throws METADATA_TOO_NEW, and what `openDatabase` throws
 */
export async function planMigrations(
  url: string,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<MigrationPlan> {
  const address = parseDatabaseUrl(url)
  const { dialect, place } = address
  const found = await schemaOf(address)
  const known = migrations.length
  if (found > known) throw databaseErrors.METADATA_TOO_NEW({ path: place, found, known })
  const names = migrations.map(({ name }) => name)
  return { dialect, place, applied: names.slice(0, found), pending: names.slice(found) }
}

/**
 * Brings a database's schema up to date, or shows that it could be: all steps or none.
 * @throws METADATA_TOO_NEW, and what `openDatabase` throws
 */
export async function migrateDatabase(options: MigrateOptions): Promise<MigrationReport> {
  const { url, isRehearsal = false, migrations = MIGRATIONS } = options
  const plan = await planMigrations(url, migrations)
  if (plan.pending.length === 0) return { ...plan, outcome: 'nothing-pending' }
  if (isRehearsal) {
    await rehearse(parseDatabaseUrl(url), migrations)
    return { ...plan, outcome: 'rehearsed' }
  }
  const database = await openDatabase({ url, connections: 1, migrations })
  await database.close()
  return { ...plan, outcome: 'migrated' }
}

async function schemaOf(address: DatabaseAddress): Promise<number> {
  if (address.dialect === 'sqlite') return schemaOfSqlite(address.path)
  return withPool(address, schemaOfPostgres)
}

async function rehearse(address: DatabaseAddress, migrations: readonly Migration[]): Promise<void> {
  if (address.dialect === 'sqlite') return rehearseSqlite(address.path, migrations)
  const { place } = address
  await withPool(address, (pool) => migratePostgres(pool, { place, migrations, isRehearsal: true }))
}

async function withPool<T>(
  { url, place }: Extract<DatabaseAddress, { dialect: 'postgres' }>,
  work: (pool: Awaited<ReturnType<typeof createPool>>) => Promise<T>,
): Promise<T> {
  const pool = await createPool({ url, place, connections: 1 })
  try {
    return await work(pool)
  } catch (error) {
    throw postgresError(error, place)
  } finally {
    await pool.end()
  }
}
