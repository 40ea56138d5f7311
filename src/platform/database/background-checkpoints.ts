import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { SqliteDatabase } from './sqlite-database.ts'

/** Writes after which a process counts as one that writes a lot: a command never does. */
const BUSY_AFTER_WRITES = 1_000
/** Pages of 4 KiB that the log may hold while the thread does the work: a bound, seldom met. */
const PAGES_WITH_THREAD = 50_000
/** SQLite's own default. */
const PAGES_ALONE = 1_000
const PROGRAM = join(import.meta.dirname, `checkpoint-thread${extname(import.meta.filename)}`)

/**
 * Moves what was written from the log into the file of a SQLite database in a thread of its own.
 * SQLite would do it within every so many commits, and whoever commits then waits for the disk many
 * times as long as others: the slowest requests of a server come from there.
 */
export class BackgroundCheckpoints {
  readonly #database: SqliteDatabase
  readonly #signal = new Int32Array(new SharedArrayBuffer(4))
  #writes = 0
  #thread: Worker | undefined

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  /** Tells of a write; the first thousand are left to SQLite. */
  noteWrite(): void {
    this.#writes += 1
    if (this.#thread !== undefined) {
      Atomics.add(this.#signal, 0, 1)
      Atomics.notify(this.#signal, 0)
    } else if (this.#writes === BUSY_AFTER_WRITES && this.#database.path !== ':memory:') {
      this.#start()
    }
  }

  async close(): Promise<void> {
    await this.#thread?.terminate()
    this.#thread = undefined
  }

  #start(): void {
    const thread = new Worker(PROGRAM, {
      workerData: { path: this.#database.path, signal: this.#signal },
    })
    // It holds no process up, and its end is no fault: SQLite goes on by itself.
    thread.unref()
    thread.once('error', () => {
      this.#thread = undefined
      this.#database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_ALONE}`)
    })
    this.#database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_WITH_THREAD}`)
    this.#thread = thread
  }
}
