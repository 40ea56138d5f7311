import { Kysely } from 'kysely'
import { BackgroundCheckpoints } from './background-checkpoints.ts'
import type { Database, Transaction } from './database.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { MIGRATIONS, type Migration } from './migrations/index.ts'
import { openPostgres } from './open-postgres.ts'
import { SqliteDatabase } from './sqlite-database.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import type { DatabaseTables } from './tables/index.ts'
import { TransactionScope } from './transaction-scope.ts'

export interface OpenDatabaseOptions {
  /** A path, `sqlite:…` or `postgresql://…`. */
  readonly url: string
  /** Connections to PostgreSQL at once. @default 10 */
  readonly connections?: number
  /** The steps of the schema. @default all of this version */
  readonly migrations?: readonly Migration[]
}

/**
 * Opens the metadata database and brings its schema up to date.
 * @throws DATABASE_URL_INVALID, DATABASE_UNREACHABLE, METADATA_TOO_NEW, METADATA_CORRUPT,
 * STORAGE_FULL, DATABASE_BUSY, DATABASE_FAILED
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const address = parseDatabaseUrl(options.url)
  const { connections = 10, migrations = MIGRATIONS } = options
  return address.dialect === 'sqlite'
    ? openSqlite(address.path, migrations)
    : openPostgres({ ...address, connections }, migrations)
}

function openSqlite(path: string, migrations: readonly Migration[]): Database {
  const file = new SqliteDatabase({
    path,
    migrations: migrations.map(({ sqlite }) => sqlite),
    names: migrations.map(({ name }) => name),
    synchronous: 'FULL',
  })
  // From here on the dialect waits for other writers, without stopping the process.
  file.exec('PRAGMA busy_timeout = 0')
  const scope = new TransactionScope()
  const checkpoints = new BackgroundCheckpoints(file)
  const onWrite = () => checkpoints.noteWrite()
  const queries = new Kysely<DatabaseTables>({ dialect: sqliteDialect(file, scope, onWrite) })
  return {
    dialect: 'sqlite',
    place: path,
    queries,
    transaction: <T>(work: (transaction: Transaction) => Promise<T>) =>
      queries.transaction().execute((transaction) => scope.run(() => work(transaction))),
    async ping() {
      file.get('SELECT 1')
    },
    async close() {
      await checkpoints.close()
      await queries.destroy()
      // The query builder ends only a driver that it used.
      file.close()
    },
  }
}
