import { randomBytes } from 'node:crypto'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { quoteLiteral, type TableEngine } from '../storage/index.ts'
import { predictionLogErrors } from './errors.ts'
import { type JournalName, journalPath, listJournals } from './journal-name.ts'
import { linesSql, TAIL_TABLE } from './log-tables.ts'
import { scanJournal } from './scan-journal.ts'

export interface JournalTailOptions {
  readonly engine: TableEngine
  /** Of the log. */
  readonly folder: string
  readonly temporaryFolder: string
  readonly now: () => number
  /** Told once of each damaged place. */
  readonly onDamage: (error: unknown) => void
}

/** The rows of the journals in the engine's table `tail`, of which only what is new is read. */
export class JournalTail {
  readonly #options: JournalTailOptions
  /** Where to go on, by journal. */
  readonly #read = new Map<string, number>()
  readonly #told = new Set<string>()

  private constructor(options: JournalTailOptions) {
    this.#options = options
  }

  static async open(options: JournalTailOptions): Promise<JournalTail> {
    await options.engine.execute(TAIL_TABLE)
    return new JournalTail(options)
  }

  /** Brings the table up to what the journals hold now, less the absorbed ones. */
  async catchUp(absorbed: ReadonlySet<string>): Promise<void> {
    const { folder, now } = this.#options
    const journals = (await listJournals(folder, now())).filter(({ stem }) => !absorbed.has(stem))
    const present = new Set(journals.map(({ stem }) => stem))
    for (const stem of this.#read.keys()) if (!present.has(stem)) await this.#forget(stem)
    for (const journal of journals) await this.#follow(journal)
  }

  async #follow(journal: JournalName): Promise<void> {
    const { stem, state } = journal
    const path = journalPath(this.#options.folder, stem)
    try {
      const { size } = await stat(path)
      const before = this.#read.get(stem) ?? 0
      if (size === before) return
      // A write that could not be flushed was taken back after it was seen here.
      if (size < before) await this.#forget(stem)
      const found = await scanJournal(path, { offset: this.#read.get(stem) ?? 0, state })
      await this.#take(stem, found.lines)
      this.#read.set(stem, found.end)
      for (const { offset, bytes } of found.damaged) this.#tell(path, offset, bytes)
    } catch (error) {
      // It was absorbed meanwhile; whoever asks looks at the manifest again.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      await this.#forget(stem)
    }
  }

  async #take(stem: string, lines: readonly Buffer[]): Promise<void> {
    if (lines.length === 0) return
    const { engine, temporaryFolder } = this.#options
    const staged = join(temporaryFolder, `${randomBytes(6).toString('hex')}.ndjson`)
    try {
      await writeFile(staged, Buffer.concat(lines))
      const rows = linesSql(quoteLiteral(staged))
      await engine.execute(`INSERT INTO tail SELECT ${quoteLiteral(stem)}, * FROM (${rows})`)
    } finally {
      await rm(staged, { force: true })
    }
  }

  async #forget(stem: string): Promise<void> {
    if (!this.#read.delete(stem)) return
    await this.#options.engine.execute(`DELETE FROM tail WHERE journal = ${quoteLiteral(stem)}`)
  }

  #tell(path: string, offset: number, bytes: number): void {
    const place = `${path} ${offset}`
    if (this.#told.has(place)) return
    this.#told.add(place)
    this.#options.onDamage(predictionLogErrors.JOURNAL_DAMAGED({ path, offset, bytes }))
  }
}
