import type { OnlineRow } from './online-store.ts'

/** What is kept of an entity; null: the store is known to have nothing of it. */
export type KeptRow = Pick<OnlineRow, 'values' | 'eventTimeMs'> | null

export interface OnlineRowCacheLimits {
  /** Entities, those without a row among them. @default 50,000 */
  readonly mostRows?: number
  /** What they take, by the sum of `bytes`. @default 32 MiB */
  readonly mostBytes?: number
}

export interface RowToKeep {
  readonly view: string
  /** The one text of the entity's keys. */
  readonly key: string
  readonly row: KeptRow
  /** An estimate of what it takes in memory. */
  readonly bytes: number
}

interface Entry extends RowToKeep {
  isUsed: boolean
}

/**
 * Once they are full. A walk over more entities than fit would find nothing that it left there, and
 * pay for leaving it; what is asked for again and again gets in all the same.
 */
const TAKEN_ONE_IN = 8

/** So many in a row are spared for having been used; one insertion must not walk over all. */
const MOST_SPARED = 32

/**
 * Rows of entities by view and key, within bounds of number and size. When they are full, one new
 * row of eight is taken, and a hand goes round to make place (the CLOCK algorithm): what was used
 * since it last came by is spared, the first that was not is dropped. Being used costs one flag, where an order of use would cost two changes of a
 * map at every read.
 */
export class OnlineRowCache {
  readonly #mostRows: number
  readonly #mostBytes: number
  readonly #views = new Map<string, Map<string, Entry>>()
  #ring: Entry[] = []
  #hand = 0
  #bytes = 0
  #untaken = 0

  constructor({ mostRows = 50_000, mostBytes = 32 * 1_048_576 }: OnlineRowCacheLimits = {}) {
    this.#mostRows = mostRows
    this.#mostBytes = mostBytes
  }

  get size(): number {
    return this.#ring.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Undefined when nothing is known of the entity. */
  get(view: string, key: string): KeptRow | undefined {
    const entry = this.#views.get(view)?.get(key)
    if (entry === undefined) return undefined
    entry.isUsed = true
    return entry.row
  }

  /**
   * Of an entity that is not there yet.
   * @returns false when it is not kept: they are full, or it is bigger than all may take
   */
  keep({ view, key, row, bytes }: RowToKeep): boolean {
    if (bytes > this.#mostBytes || this.#mostRows < 1) return false
    if (this.#isFullFor(bytes)) {
      if (++this.#untaken < TAKEN_ONE_IN) return false
      this.#untaken = 0
      while (this.#isFullFor(bytes)) this.#dropOne()
    }
    let ofView = this.#views.get(view)
    if (ofView === undefined) {
      ofView = new Map()
      this.#views.set(view, ofView)
    }
    const entry = { view, key, row, bytes, isUsed: false }
    ofView.set(key, entry)
    this.#ring.push(entry)
    this.#bytes += bytes
    return true
  }

  clear(): void {
    if (this.#ring.length === 0) return
    this.#views.clear()
    this.#ring = []
    this.#hand = 0
    this.#bytes = 0
  }

  #isFullFor(bytes: number): boolean {
    return this.#ring.length >= this.#mostRows || this.#bytes + bytes > this.#mostBytes
  }

  #dropOne(): void {
    let entry = this.#underHand()
    for (let spared = 0; entry?.isUsed === true && spared < MOST_SPARED; spared++) {
      entry.isUsed = false
      this.#hand++
      entry = this.#underHand()
    }
    const last = this.#ring.pop()
    if (entry === undefined || last === undefined) return
    // The last one, which is the newest, fills the gap: the hand comes to it after all others.
    if (last !== entry) {
      this.#ring[this.#hand] = last
      this.#hand++
    }
    this.#bytes -= entry.bytes
    const ofView = this.#views.get(entry.view)
    ofView?.delete(entry.key)
    if (ofView?.size === 0) this.#views.delete(entry.view)
  }

  /** The newest has not been there long enough to be judged. */
  #underHand(): Entry | undefined {
    if (this.#hand >= this.#ring.length - 1) this.#hand = 0
    return this.#ring[this.#hand]
  }
}
