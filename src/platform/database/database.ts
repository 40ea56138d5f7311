import type { Kysely, Transaction as KyselyTransaction } from 'kysely'
import type { DatabaseTables } from './tables/index.ts'

export type Dialect = 'sqlite' | 'postgres'

/** What a query may be built on: the database itself, or a transaction of it. */
export type Queries = Kysely<DatabaseTables>
export type Transaction = KyselyTransaction<DatabaseTables>

/**
 * The metadata database: SQLite in one file, or PostgreSQL by URL, behind one query builder.
 *
 * Holds for both: an acknowledged commit survives `kill -9` (and the loss of power); errors are
 * coded; integers come back as numbers; there are no booleans, only 0 and 1.
 */
export interface Database {
  readonly dialect: Dialect
  /** Where it is, without a password: for messages and logs. */
  readonly place: string
  readonly queries: Queries
  /**
   * All of `work` or nothing. A deadlock or a failed serialisation is tried again, so `work` may run
   * more than once. It awaits nothing but queries of its transaction: SQLite has one connection.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  /** Settles when the database answers. @throws DATABASE_UNREACHABLE, DATABASE_BUSY */
  ping(): Promise<void>
  close(): Promise<void>
}
