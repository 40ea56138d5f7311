import { isPlatformError } from '../../core/errors/index.ts'
import type { ExposureEntry, LabelEntry, MirrorEntry } from '../../core/records/index.ts'
import { BackgroundCompaction } from './background-compaction.ts'
import { exposureLine, labelLine, mirrorLine } from './encode-entry.ts'
import { MAX_JOURNAL_AGE_MS } from './journal-name.ts'
import { JournalWriter } from './journal-writer.ts'
import { countSql, exposedSql, mirroredSql, windowSizeSql, windowSql } from './log-queries.ts'
import { LogReader } from './log-reader.ts'
import { migrateDatabase } from './migrate-database.ts'
import type {
  ExposureQuery,
  MirrorQuery,
  PredictionLog,
  WindowQuery,
  WriteOptions,
  WrittenPrediction,
} from './prediction-log.ts'
import { readCount, readExposed, readMirrored, readPredictions } from './read-entries.ts'

const JOURNAL_BYTES = 8 * 1_048_576

export interface PredictionLogOptions {
  readonly now?: () => number
  /** A journal of this size is sealed. @default 8 MiB */
  readonly journalBytes?: number
  /** Whether full journals are turned into Parquet by a process of its own. @default true */
  readonly compacts?: boolean
  /**
   * Told of what went wrong without anything acknowledged being lost (COMPACTION_FAILED), and of
   * places in journals that were damaged from outside (JOURNAL_DAMAGED). @default a warning of the
   * process
   */
  readonly onTrouble?: (error: unknown) => void
}

/**
 * Opens a prediction log in a folder, which is made at the first write. Any number of processes may
 * write and read it at once. A `<folder>.db` of an older version is moved into it first.
 *
 * @throws OLD_LOG_BUSY, DATABASE_FAILED, METADATA_CORRUPT when there is an older log
 */
export async function openPredictionLog(
  folder: string,
  options: PredictionLogOptions = {},
): Promise<PredictionLog> {
  await migrateDatabase(folder)
  return new JournaledPredictionLog(folder, options)
}

class JournaledPredictionLog implements PredictionLog {
  readonly #writer: JournalWriter
  readonly #reader: LogReader
  readonly #compaction: BackgroundCompaction | undefined
  readonly #now: () => number
  #written = 0

  constructor(folder: string, options: PredictionLogOptions) {
    const { now = Date.now, journalBytes: maxBytes = JOURNAL_BYTES, compacts = true } = options
    const onTrouble = options.onTrouble ?? warn
    const compaction = compacts ? new BackgroundCompaction(folder, onTrouble) : undefined
    const onSealed = () => compaction?.consider()
    const maxAgeMs = MAX_JOURNAL_AGE_MS
    this.#now = now
    this.#compaction = compaction
    this.#writer = new JournalWriter({ folder, now, maxBytes, maxAgeMs, onSealed, onTrouble })
    this.#reader = new LogReader({ folder, now, onDamage: onTrouble })
  }

  append(
    entries: readonly WrittenPrediction[],
    exposures: readonly ExposureEntry[] = [],
    options: WriteOptions = {},
  ): Promise<void> {
    if (entries.length + exposures.length === 0) return Promise.resolve()
    // In the path of every answer: no promise and no function of its own.
    try {
      const into = this.#writer.entries()
      for (const entry of entries) into.addPrediction(entry, this.#tick())
      for (const exposure of exposures) into.addLine(exposureLine(exposure, this.#tick()))
      return this.#writer.keep(options.durability === 'disk')
    } catch (error) {
      this.#writer.drop()
      return Promise.reject(error)
    }
  }

  async appendLabels(labels: readonly LabelEntry[], options: WriteOptions = {}): Promise<void> {
    const lines = labels.map((label) => labelLine(label, this.#tick()))
    await this.#keep(lines, options)
  }

  async appendMirrored(entries: readonly MirrorEntry[]): Promise<void> {
    const lines = entries.map((entry) => mirrorLine(entry, this.#tick()))
    await this.#keep(lines, {})
  }

  async window(query: WindowQuery) {
    return readPredictions(await this.#reader.ask((sources) => windowSql(sources, query)))
  }

  async windowSize(query: WindowQuery): Promise<number> {
    return readCount(await this.#reader.ask((sources) => windowSizeSql(sources, query)))
  }

  async exposed(query: ExposureQuery) {
    return readExposed(await this.#reader.ask((sources) => exposedSql(sources, query)), query)
  }

  async mirrored(query: MirrorQuery) {
    return readMirrored(await this.#reader.ask((sources) => mirroredSql(sources, query)), query)
  }

  async count(endpoint: string): Promise<number> {
    return readCount(await this.#reader.ask((sources) => countSql(sources, endpoint)))
  }

  async close(): Promise<void> {
    await this.#writer.close()
    await this.#reader.close()
  }

  #keep(lines: readonly string[], options: WriteOptions): Promise<void> {
    if (lines.length === 0) return Promise.resolve()
    try {
      const into = this.#writer.entries()
      for (const line of lines) into.addLine(line)
      return this.#writer.keep(options.durability === 'disk')
    } catch (error) {
      this.#writer.drop()
      throw error
    }
  }

  /**
   * When a row was written, in microseconds and never twice: the clock's milliseconds, one more than
   * the row before when several fall into one or the clock went back.
   */
  #tick(): number {
    if (this.#written === 0) this.#compaction?.consider()
    this.#written = Math.max(this.#written + 1, Math.floor(this.#now()) * 1_000)
    return this.#written
  }
}

function warn(error: unknown): void {
  if (isPlatformError(error)) process.emitWarning(`${error.message} ${error.hint}`, error.code)
  else process.emitWarning(String(error), 'PredictionLogWarning')
}
