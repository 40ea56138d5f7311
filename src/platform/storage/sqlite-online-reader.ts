import { type KeptRow, OnlineRowCache, type OnlineRowCacheLimits } from './online-row-cache.ts'
import { keyText } from './online-row-text.ts'
import type { FeatureValue, OnlineRequest, OnlineRow } from './online-store.ts'
import { type SqliteMoment, SqliteRowReader } from './sqlite-row-reader.ts'

const ROW = 'SELECT feature_values, event_time_ms FROM feature_rows WHERE view = ? AND keys = ?'

/**
 * Reads that may be answered from memory before the file is asked again: a loop of reads that
 * nothing interrupts stays in one turn for as long as it likes.
 */
const READS_ON_TRUST = 64

/** An entry, its places in two collections, and an object of a few values. */
const BYTES_OF_ANY_ROW = 250
/** Of its text; with the above a little more than rows of 2 to 20 features were seen to take. */
const BYTES_A_CHARACTER = 2

/**
 * The reading side of an online store in SQLite. Rows that were read are kept decoded for as long
 * as the file has no other commit. SQLite knows (`PRAGMA data_version`), and is asked once a turn
 * of the event loop; a row that is not kept is read together with that number, so that all rows of
 * one read stand at one moment. When anything at all was committed, everything kept is dropped.
 */
export class SqliteOnlineReader {
  readonly #file: SqliteRowReader
  readonly #cache: OnlineRowCache
  #readsOnTrust = 0
  #isTurnWatched = false

  constructor(path: string, limits?: OnlineRowCacheLimits) {
    this.#file = new SqliteRowReader(path, ROW)
    this.#cache = new OnlineRowCache(limits)
  }

  /** Entities kept, and an estimate of what they take. */
  get kept(): { readonly rows: number; readonly bytes: number } {
    return { rows: this.#cache.size, bytes: this.#cache.bytes }
  }

  /** @throws ENTRY_INVALID, DATABASE_BUSY, METADATA_CORRUPT, DATABASE_FAILED */
  read(requests: readonly OnlineRequest[]): (OnlineRow | undefined)[] {
    return this.#fromMemory(requests) ?? this.#fromFile(requests)
  }

  /** Asks the file again before the next answer, whatever it said in this turn. */
  distrust(): void {
    this.#readsOnTrust = 0
  }

  close(): void {
    this.distrust()
    this.#cache.clear()
    this.#file.close()
  }

  /** Undefined when one of the rows is not kept, or the file must be asked first. */
  #fromMemory(requests: readonly OnlineRequest[]): (OnlineRow | undefined)[] | undefined {
    if (this.#readsOnTrust === 0) return undefined
    this.#readsOnTrust--
    const rows: (OnlineRow | undefined)[] = []
    for (const { view, keys } of requests) {
      const kept = this.#cache.get(view, keyText(view, keys))
      if (kept === undefined) return undefined
      rows.push(rowOf(keys, kept))
    }
    return rows
  }

  #fromFile(requests: readonly OnlineRequest[]): (OnlineRow | undefined)[] {
    // A key that is refused is no failure of the file, and must not be taken for one.
    const texts = requests.map(({ view, keys }) => keyText(view, keys))
    this.distrust()
    const rows = this.#file.atOneMoment((moment) => {
      if (moment.hasChanged) this.#cache.clear()
      return requests.map(({ view, keys }, i) =>
        rowOf(keys, this.#row(moment, view, texts[i] ?? '')),
      )
    })
    this.#trustForThisTurn()
    return rows
  }

  #row(moment: SqliteMoment, view: string, key: string): KeptRow {
    const kept = this.#cache.get(view, key)
    if (kept !== undefined) return kept
    const found = moment.row(view, key)
    const text = (found?.feature_values ?? '') as string
    const row = found === undefined ? null : decoded(text, found.event_time_ms as number)
    const bytes = BYTES_OF_ANY_ROW + BYTES_A_CHARACTER * (key.length + text.length)
    // Every reader of the entity is handed the same values.
    if (this.#cache.keep({ view, key, row, bytes }) && row !== null) Object.freeze(row.values)
    return row
  }

  #trustForThisTurn(): void {
    this.#readsOnTrust = READS_ON_TRUST
    if (this.#isTurnWatched) return
    this.#isTurnWatched = true
    setImmediate(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    this.#isTurnWatched = false
    this.distrust()
  }
}

function decoded(text: string, eventTimeMs: number): NonNullable<KeptRow> {
  return { values: JSON.parse(text) as Record<string, FeatureValue>, eventTimeMs }
}

/** The keys are the asker's: 1 and 1n are the same entity. */
function rowOf(keys: OnlineRow['keys'], kept: KeptRow): OnlineRow | undefined {
  return kept === null ? undefined : { keys, values: kept.values, eventTimeMs: kept.eventTimeMs }
}
