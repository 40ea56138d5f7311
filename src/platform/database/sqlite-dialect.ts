import { setTimeout } from 'node:timers/promises'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { isPlatformError } from '../../core/errors/index.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { TransactionScope } from './transaction-scope.ts'

/** Waits this long for another connection's write before giving up. */
const BUSY_TIMEOUT_MS = 10_000
const LONGEST_PAUSE_MS = 20

/** Kysely over `node:sqlite`: one connection, taken in turn; `onWrite` is told of every commit. */
export function sqliteDialect(
  database: SqliteDatabase,
  scope: TransactionScope,
  onWrite: () => void,
): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(database, scope, onWrite),
    createIntrospector: (queries) => new SqliteIntrospector(queries),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

class SqliteDriver implements Driver {
  readonly #database: SqliteDatabase
  readonly #scope: TransactionScope
  readonly #onWrite: () => void
  readonly #connection: SqliteConnection
  readonly #turns = new Turns()

  constructor(database: SqliteDatabase, scope: TransactionScope, onWrite: () => void) {
    this.#database = database
    this.#scope = scope
    this.#onWrite = onWrite
    this.#connection = new SqliteConnection(database)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#scope.refuseInside()
    // Counted from here: whoever stands behind others that wait does not wait as long again.
    const untilMs = performance.now() + BUSY_TIMEOUT_MS
    await this.#turns.take()
    this.#connection.waitsUntilMs = untilMs
    return this.#connection
  }

  async beginTransaction(): Promise<void> {
    // Immediate: the write lock is waited for here, never in the middle of the work.
    await waitForOthers(this.#connection.waitsUntilMs, () => this.#database.exec('BEGIN IMMEDIATE'))
  }

  async commitTransaction(): Promise<void> {
    this.#database.exec('COMMIT')
    this.#onWrite()
  }

  async rollbackTransaction(): Promise<void> {
    this.#database.undo('ROLLBACK')
  }

  async releaseConnection(): Promise<void> {
    this.#turns.give()
  }

  async destroy(): Promise<void> {
    this.#database.close()
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: SqliteDatabase
  /** How long its holder waits for other processes; on the clock of `performance`. */
  waitsUntilMs = 0

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, changes, lastRowId } = await waitForOthers(this.waitsUntilMs, () =>
      this.#database.execute(query.sql, query.parameters),
    )
    return {
      rows: rows as Row[],
      ...(changes === undefined ? {} : { numAffectedRows: BigInt(changes) }),
      ...(lastRowId === undefined ? {} : { insertId: BigInt(lastRowId) }),
    }
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new TypeError('the SQLite adapter reads whole results; ask for pages instead')
  }
}

/**
 * Tries again while another connection writes. SQLite's own waiting would stop this whole process,
 * and with it the very writer that is waited for when that one lives in here too.
 */
async function waitForOthers<T>(untilMs: number, work: () => T): Promise<T> {
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return work()
    } catch (error) {
      const isBusy = isPlatformError(error) && error.code === 'DATABASE_BUSY'
      if (!isBusy || performance.now() > untilMs) throw error
    }
    await setTimeout(pauseMs)
  }
}

/** One holder at a time, first come, first served. */
class Turns {
  #taken = false
  readonly #waiting: (() => void)[] = []

  take(): Promise<void> | void {
    if (!this.#taken) {
      this.#taken = true
      return
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#taken = false
  }
}
