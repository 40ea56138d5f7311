import type { OnlineRequest, OnlineRow } from '../../../platform/storage/index.ts'

/** The newest row of each entity that this process saw, for when the store cannot be asked. */
export interface LastValues {
  keep(request: OnlineRequest, row: OnlineRow): void
  get(request: OnlineRequest): OnlineRow | undefined
  readonly size: number
}

interface Entry {
  readonly key: string
  row: OnlineRow
  isUsed: boolean
}

/** So many in a row are spared for having been used; one insertion must not walk over all. */
const MOST_SPARED = 32

/**
 * A hand goes round when they are full (the CLOCK algorithm), since an order of use would change
 * the map twice at every answer: what was used since the hand last came by is spared.
 * @param most entities kept; one that was not used for long goes first. @default 50,000
 */
export function createLastValues(most = 50_000): LastValues {
  const entries = new Map<string, Entry>()
  const ring: Entry[] = []
  let hand = 0

  /** Where the next entry goes: a new place, or that of the entry it drops. */
  function freePlace(): number {
    if (ring.length < most) return ring.length
    for (let spared = 0; spared < MOST_SPARED && ring[hand]?.isUsed === true; spared++) {
      const entry = ring[hand]
      if (entry !== undefined) entry.isUsed = false
      hand = (hand + 1) % most
    }
    const dropped = ring[hand]
    if (dropped !== undefined) entries.delete(dropped.key)
    const place = hand
    hand = (hand + 1) % most
    return place
  }

  return {
    keep(request, row) {
      const key = keyOf(request)
      const there = entries.get(key)
      if (there === undefined) {
        const entry = { key, row, isUsed: false }
        ring[freePlace()] = entry
        entries.set(key, entry)
        return
      }
      there.isUsed = true
      // Answers may overtake each other.
      if (row.eventTimeMs >= there.row.eventTimeMs) there.row = row
    },
    get(request) {
      const entry = entries.get(keyOf(request))
      if (entry === undefined) return undefined
      entry.isUsed = true
      return entry.row
    },
    get size() {
      return entries.size
    },
  }
}

function keyOf({ view, keys }: OnlineRequest): string {
  let text = view
  // A type's letter and the length keep "1" and 1, and ["a", "b"] and ["a,b"], apart.
  for (const key of keys) {
    const shown = String(key)
    text += `\n${typeof key === 'string' ? 's' : 'o'}${shown.length}:${shown}`
  }
  return text
}
