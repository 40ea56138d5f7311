import { DistinctCount } from './distinct-count.ts'
import type { WindowFigures } from './judge-window.ts'
import { RecentSet } from './recent-set.ts'
import { mix, type RowHashes } from './row-hash.ts'

/** With one or two inputs honest rows share the others all the time: there it says nothing. */
const FEWEST_INPUTS = 3

/** What one caller sends in one window of time, counted without being kept. */
export class CallerWindow {
  readonly startedMs: number
  /** Once a window is suspected, it is not reported again. */
  isSuspected = false
  readonly #recent = new RecentSet()
  readonly #distinct = new DistinctCount()
  #rows = 0
  #newRows = 0
  #neighbours = 0
  #strange = 0

  constructor(startedMs: number) {
    this.startedMs = startedMs
  }

  add({ high, low, rowHigh, rowLow }: RowHashes, isStrange: boolean): void {
    this.#rows++
    this.#distinct.add(rowHigh, rowLow)
    if (this.#recent.has(rowHigh, rowLow)) return
    this.#recent.add(rowHigh, rowLow)
    this.#newRows++
    if (isStrange) this.#strange++
    if (high.length < FEWEST_INPUTS) return
    let isNeighbour = false
    for (let column = 0; column < high.length; column++) {
      // The row without this column; its number keeps the columns' keys apart.
      const restHigh = mix(rowHigh ^ (high[column] ?? 0), column + 1)
      const restLow = mix(rowLow ^ (low[column] ?? 0), column + 1)
      if (this.#recent.has(restHigh, restLow)) isNeighbour = true
      else this.#recent.add(restHigh, restLow)
    }
    if (isNeighbour) this.#neighbours++
  }

  get figures(): WindowFigures {
    return {
      rows: this.#rows,
      newRows: this.#newRows,
      neighbours: this.#neighbours,
      strange: this.#strange,
      distinctRows: this.#distinct.estimate(),
    }
  }
}
