import { setTimeout } from 'node:timers/promises'
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { Database } from './database.ts'
import { migratePostgres } from './migrate-postgres.ts'
import type { Migration } from './migrations/index.ts'
import { PostgresDriver } from './postgres-driver.ts'
import { isConflict, postgresError } from './postgres-errors.ts'
import { createPool, type PostgresAddress } from './postgres-pool.ts'
import type { DatabaseTables } from './tables/index.ts'
import { TransactionScope } from './transaction-scope.ts'

/** Times that a transaction is tried again after a deadlock. */
const RETRIES = 5
const FIRST_PAUSE_MS = 2
/** Who asks whether the database answers wants to know it soon. */
const PING = { text: 'SELECT 1', query_timeout: 3_000 }

/** @throws DATABASE_UNREACHABLE, METADATA_TOO_NEW, DATABASE_FAILED */
export async function openPostgres(
  address: PostgresAddress,
  migrations: readonly Migration[],
): Promise<Database> {
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
    await migratePostgres(pool, { place, migrations })
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
        await pool.query(PING)
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
      await setTimeout(FIRST_PAUSE_MS * 2 ** attempt)
    }
  }
}
