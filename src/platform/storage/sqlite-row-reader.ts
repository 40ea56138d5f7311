import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { databaseErrors, sqliteError } from '../database/index.ts'

/**
 * A read blocks the event loop, and with it every request. In WAL mode no writer stands in its way;
 * who holds the whole file gets this long, then the read fails and the next one tries again.
 */
const LOCKED_FOR_MS = 5

/** Pages that need not be asked of the system again. */
const CACHE_KIBIBYTES = 16_384

type Row = Readonly<Record<string, unknown>>

/**
 * One prepared question to a SQLite file, on a connection of its own. The connection is opened at
 * the first question, and anew after a failure, so that a file that was mended is read again.
 */
export class SqliteRowReader {
  readonly #path: string
  readonly #sql: string
  #database: DatabaseSync | undefined
  #statement: StatementSync | undefined
  #isClosed = false

  constructor(path: string, sql: string) {
    this.#path = path
    this.#sql = sql
  }

  /**
   * The rows of several pairs of parameters, as they stand at one moment.
   * @throws DATABASE_BUSY, METADATA_CORRUPT, DATABASE_FAILED
   */
  read(parameters: readonly (readonly [string, string])[]): (Row | undefined)[] {
    try {
      this.#statement ??= this.#open()
      const statement = this.#statement
      // One transaction takes the locks once; a single statement is one by itself.
      if (parameters.length > 1) this.#database?.exec('BEGIN')
      const rows = parameters.map(([first, second]) => statement.get(first, second))
      if (parameters.length > 1) this.#database?.exec('COMMIT')
      return rows
    } catch (error) {
      this.#forget()
      const coded = sqliteError(error, this.#path)
      if (coded !== error) throw coded
      const reason = error instanceof Error ? error.message : String(error)
      throw databaseErrors.DATABASE_FAILED({ path: this.#path, reason }, error)
    }
  }

  /** Later questions fail. */
  close(): void {
    this.#isClosed = true
    this.#forget()
  }

  #forget(): void {
    this.#statement = undefined
    const database = this.#database
    this.#database = undefined
    if (database?.isOpen === true) database.close()
  }

  #open(): StatementSync {
    if (this.#isClosed) throw new Error('it is closed')
    this.#database = new DatabaseSync(this.#path, { readOnly: true, timeout: LOCKED_FOR_MS })
    this.#database.exec(`PRAGMA cache_size = -${CACHE_KIBIBYTES}`)
    return this.#database.prepare(this.#sql)
  }
}
