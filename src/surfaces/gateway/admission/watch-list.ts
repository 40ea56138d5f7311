/** What stands in a list knows its place there. */
export interface Placed {
  /** Below 0 when it stands in none. */
  place: number
}

/**
 * Things that come and go by the thousand a second: both cost the same however many there are. No set:
 * the tables that a busy set leaves behind keep what is long gone alive until the next full
 * collection, which cost more than all the rest of answering.
 */
export class WatchList<T extends Placed> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: T): void {
    item.place = this.#items.length
    this.#items.push(item)
  }

  /** Nothing happens when it is not there. */
  remove(item: T): void {
    const { place } = item
    if (this.#items[place] !== item) return
    const last = this.#items.pop()
    if (last !== undefined && last !== item) {
      this.#items[place] = last
      last.place = place
    }
    item.place = -1
  }

  /** Shows each item once; the shown one may be removed meanwhile, and new ones may come. */
  each(show: (item: T) => void): void {
    for (let place = this.#items.length - 1; place >= 0; place--) {
      const item = this.#items[place]
      if (item !== undefined) show(item)
    }
  }
}
