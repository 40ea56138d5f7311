import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ColumnValues,
  openTableEngine,
  quoteLiteral,
  type TableEngine,
} from '../storage/index.ts'
import { predictionLogErrors } from './errors.ts'
import { JournalTail } from './journal-tail.ts'
import { type EntryKind, kindSql } from './log-tables.ts'
import { type Manifest, readManifest } from './manifest.ts'

/** Looks at the manifest until it stands still; compactions are seconds apart at least. */
const MOST_LOOKS = 20

/** All rows of a kind as SQL; with a span, files without a row in it may be left out. */
export type LogSources = (
  kind: EntryKind,
  span?: { readonly fromMs: number; readonly toMs: number },
) => string

export interface LogReaderOptions {
  readonly folder: string
  readonly now: () => number
  readonly onDamage: (error: unknown) => void
}

interface Opened {
  readonly engine: TableEngine
  readonly tail: JournalTail
  readonly temporaryFolder: string
}

/** Asks DuckDB about Parquet files and journals together. Nothing is opened before the first question. */
export class LogReader {
  readonly #options: LogReaderOptions
  #opened: Promise<Opened> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(options: LogReaderOptions) {
    this.#options = options
  }

  /** @throws MANIFEST_UNREADABLE, TABLE_UNREADABLE, STORAGE_FULL, LOG_CLOSED */
  ask(sqlOf: (sources: LogSources) => string): Promise<Record<string, ColumnValues>> {
    const turn = this.#last.then(() => this.#answer(sqlOf))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#last
    const opened = await this.#opened?.catch(() => undefined)
    this.#opened = undefined
    if (opened === undefined) return
    await opened.engine.close()
    await rm(opened.temporaryFolder, { recursive: true, force: true })
  }

  async #answer(sqlOf: (sources: LogSources) => string): Promise<Record<string, ColumnValues>> {
    const { folder } = this.#options
    if (this.#isClosed) throw predictionLogErrors.LOG_CLOSED({ folder })
    this.#opened ??= this.#open()
    const { engine, tail } = await this.#opened
    for (let look = 1; ; look++) {
      const manifest = await this.#catchUp(tail)
      try {
        return await engine.columns(sqlOf(sourcesOf(folder, manifest)))
      } catch (error) {
        // A file may have been merged away under the question.
        const { generation } = await readManifest(folder)
        if (generation === manifest.generation || look >= MOST_LOOKS) throw error
      }
    }
  }

  /** Rows move from journals to files only with the manifest: it must be the same before and after. */
  async #catchUp(tail: JournalTail): Promise<Manifest> {
    const { folder } = this.#options
    let manifest = await readManifest(folder)
    for (let look = 1; ; look++) {
      await tail.catchUp(new Set(manifest.absorbed))
      const after = await readManifest(folder)
      if (after.generation === manifest.generation || look >= MOST_LOOKS) return after
      manifest = after
    }
  }

  async #open(): Promise<Opened> {
    // Not in the log's own folder: reading goes on when its disk is full.
    const temporaryFolder = await mkdtemp(join(tmpdir(), 'esteira-log-'))
    const engine = await openTableEngine({ temporaryFolder, memoryLimitMb: 512 })
    const tail = await JournalTail.open({ ...this.#options, engine, temporaryFolder })
    return { engine, tail, temporaryFolder }
  }
}

function sourcesOf(folder: string, { files }: Manifest): LogSources {
  return (kind, span) => {
    const paths = files
      .filter((file) => file.kind === kind)
      .filter((file) => span === undefined || (file.fromMs < span.toMs && file.toMs >= span.fromMs))
      .map(({ name }) => quoteLiteral(join(folder, 'parquet', name)))
    const tail = kindSql(kind, 'tail')
    if (paths.length === 0) return `(${tail})`
    return `(SELECT * FROM read_parquet([${paths.join(', ')}]) UNION ALL BY NAME ${tail})`
  }
}
