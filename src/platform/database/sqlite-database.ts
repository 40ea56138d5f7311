import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { isPlatformError } from '../../core/errors/index.ts'
import { databaseErrors } from './errors.ts'
import { databaseError, isBusy } from './sqlite-errors.ts'

/** Statements kept prepared; the one that was not used for longest is dropped first. */
const KEPT_STATEMENTS = 500
/** Waits this long for another process's write before giving up. */
const BUSY_TIMEOUT_MS = 10_000

export type SqliteRow = Readonly<Record<string, unknown>>

export interface SqliteExecution {
  readonly rows: readonly SqliteRow[]
  readonly changes?: number
  readonly lastRowId?: number
}

export interface SqliteOptions {
  readonly path: string
  /** Script `i` brings schema `i` to schema `i + 1`. Scripts are only ever added. */
  readonly migrations: readonly string[]
  /** What the scripts are called in errors. @default their numbers */
  readonly names?: readonly string[]
  /**
   * `FULL`: a commit is on the disk when it returns. `NORMAL`: a commit survives the death of the
   * process; the newest ones may be lost when the machine loses power. Neither ever half-writes.
   */
  readonly synchronous: 'FULL' | 'NORMAL'
}

/** One SQLite file in WAL mode: statements prepared once, errors coded, schema up to date. */
export class SqliteDatabase {
  readonly path: string
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #depth = 0

  /** @throws METADATA_CORRUPT, METADATA_TOO_NEW, STORAGE_FULL, DATABASE_BUSY, DATABASE_FAILED */
  constructor(options: SqliteOptions) {
    this.path = options.path
    this.#database = openFile(options.path)
    try {
      this.#prepareFile(options)
    } catch (error) {
      this.#database.close()
      throw databaseError(error, this.path)
    }
  }

  all(sql: string, parameters: readonly SQLInputValue[] = []): SqliteRow[] {
    return this.#guard(() => this.#statement(sql).all(...parameters))
  }

  get(sql: string, parameters: readonly SQLInputValue[] = []): SqliteRow | undefined {
    return this.#guard(() => this.#statement(sql).get(...parameters))
  }

  /** @returns the number of rows changed. */
  run(sql: string, parameters: readonly SQLInputValue[] = []): number {
    return this.#guard(() => Number(this.#statement(sql).run(...parameters).changes))
  }

  /** Runs any statement, whether it gives rows or changes them. */
  execute(sql: string, parameters: readonly unknown[]): SqliteExecution {
    return this.#guard(() => {
      const statement = this.#statement(sql)
      const values = parameters.map(bindable)
      if (statement.columns().length > 0) return { rows: statement.all(...values) }
      const { changes, lastInsertRowid } = statement.run(...values)
      return { rows: [], changes: Number(changes), lastRowId: Number(lastInsertRowid) }
    })
  }

  /** All of `work` or nothing; inside another transaction, all of `work` or nothing of it. */
  transaction<T>(work: () => T): T {
    const nested = this.#depth > 0
    const mark = `level_${this.#depth}`
    this.exec(nested ? `SAVEPOINT ${mark}` : 'BEGIN IMMEDIATE')
    this.#depth++
    try {
      const result = work()
      if (result instanceof Promise)
        throw new TypeError('a transaction is synchronous; its work gave a promise')
      this.exec(nested ? `RELEASE ${mark}` : 'COMMIT')
      return result
    } catch (error) {
      this.undo(nested ? `ROLLBACK TO ${mark}; RELEASE ${mark}` : 'ROLLBACK')
      throw error
    } finally {
      this.#depth--
    }
  }

  exec(sql: string): void {
    this.#guard(() => this.#database.exec(sql))
  }

  /** SQLite has already rolled back by itself after some errors, such as a full disk. */
  undo(sql: string): void {
    if (this.#database.isOpen && this.#database.isTransaction) this.exec(sql)
  }

  close(): void {
    if (!this.#database.isOpen) return
    this.#statements.clear()
    this.#database.close()
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement) this.#statements.delete(sql)
    else statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    if (this.#statements.size > KEPT_STATEMENTS) this.#forgetOldest()
    return statement
  }

  #forgetOldest(): void {
    const [oldest] = this.#statements.keys()
    if (oldest !== undefined) this.#statements.delete(oldest)
  }

  #guard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw databaseError(error, this.path)
    }
  }

  #prepareFile(options: SqliteOptions): void {
    this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    switchToWal(this.#database)
    this.#database.exec(`PRAGMA synchronous = ${options.synchronous}`)
    this.#database.exec('PRAGMA foreign_keys = ON')
    if (this.#version() === options.migrations.length) return
    this.transaction(() => this.#migrate(options))
  }

  /** Inside a transaction, so of several processes that open an old file one does the work. */
  #migrate({ migrations, names = [] }: SqliteOptions): void {
    const found = this.#version()
    if (found > migrations.length)
      throw databaseErrors.METADATA_TOO_NEW({ path: this.path, found, known: migrations.length })
    for (const [i, script] of migrations.entries()) {
      if (i >= found) this.#runScript(script, names[i] ?? String(i + 1))
    }
    this.#database.exec(`PRAGMA user_version = ${migrations.length}`)
  }

  #runScript(script: string, name: string): void {
    try {
      this.#database.exec(script)
    } catch (error) {
      const coded = databaseError(error, this.path)
      if (!isPlatformError(coded) || coded.code !== 'DATABASE_FAILED') throw coded
      const reason = `migration "${name}": ${error instanceof Error ? error.message : error}`
      throw databaseErrors.DATABASE_FAILED({ path: this.path, reason }, error)
    }
  }

  #version(): number {
    return Number(this.#database.prepare('PRAGMA user_version').get()?.user_version)
  }
}

function bindable(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === undefined) return null
  return value as SQLInputValue
}

function openFile(path: string): DatabaseSync {
  try {
    // A folder that is made holds accounts and people's data: its owner's alone.
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return new DatabaseSync(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const coded = databaseError(error, path)
    throw coded === error ? databaseErrors.DATABASE_FAILED({ path, reason }, error) : coded
  }
}

/** The switch needs the file alone and does not wait by itself: of two first openers one must ask again. */
function switchToWal(database: DatabaseSync): void {
  const untilMs = performance.now() + BUSY_TIMEOUT_MS
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > untilMs) throw error
      Atomics.wait(pause, 0, 0, 20)
    }
  }
}
