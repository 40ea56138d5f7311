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

/** A SQLite file as it stands at one moment. */
export interface SqliteMoment {
  /**
   * Whether the file may have other rows than at the last moment that was looked at to its end:
   * another connection, of whatever process, has committed since, or the file was opened anew.
   */
  readonly hasChanged: boolean
  row(first: string, second: string): Row | undefined
}

interface Opened {
  readonly database: DatabaseSync
  readonly version: StatementSync
  readonly question: StatementSync
}

/**
 * One prepared question to a SQLite file, on a connection of its own. The connection is opened at
 * the first question, and anew after a failure, so that a file that was mended is read again.
 */
export class SqliteRowReader {
  readonly #path: string
  readonly #sql: string
  #opened: Opened | undefined
  /** Numbers of one connection: those of another mean nothing. */
  #version: unknown
  #isClosed = false

  /** @param sql a question with two parameters */
  constructor(path: string, sql: string) {
    this.#path = path
    this.#sql = sql
  }

  /**
   * What `work` makes of the file; all that it reads stands at one moment.
   * @throws DATABASE_BUSY, METADATA_CORRUPT, DATABASE_FAILED, also for what `work` throws
   */
  atOneMoment<T>(work: (moment: SqliteMoment) => T): T {
    try {
      this.#opened ??= this.#open()
      const { database, version, question } = this.#opened
      database.exec('BEGIN')
      // The first question takes the locks, and the moment is its own.
      const found = version.get()?.[0]
      const hasChanged = found !== this.#version
      const result = work({ hasChanged, row: (first, second) => question.get(first, second) })
      database.exec('COMMIT')
      this.#version = found
      return result
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
    const database = this.#opened?.database
    this.#opened = undefined
    this.#version = undefined
    if (database?.isOpen === true) database.close()
  }

  #open(): Opened {
    if (this.#isClosed) throw new Error('it is closed')
    const database = new DatabaseSync(this.#path, { readOnly: true, timeout: LOCKED_FOR_MS })
    try {
      database.exec(`PRAGMA cache_size = -${CACHE_KIBIBYTES}`)
      const version = database.prepare('PRAGMA data_version')
      // Asked in each busy round of the event loop: an array is had sooner than an object.
      version.setReturnArrays(true)
      return { database, version, question: database.prepare(this.#sql) }
    } catch (error) {
      database.close()
      throw error
    }
  }
}
