import type { OnlineRequest, OnlineRow } from '../../../platform/storage/index.ts'

/** The newest row of each entity that this process saw, for when the store cannot be asked. */
export interface LastValues {
  keep(request: OnlineRequest, row: OnlineRow): void
  get(request: OnlineRequest): OnlineRow | undefined
  readonly size: number
}

/** @param most entities kept; the one that was not used for longest goes first. @default 50,000 */
export function createLastValues(most = 50_000): LastValues {
  const rows = new Map<string, OnlineRow>()
  return {
    keep(request, row) {
      const key = keyOf(request)
      const before = rows.get(key)
      if (before !== undefined) rows.delete(key)
      // Answers may overtake each other.
      rows.set(key, before !== undefined && before.eventTimeMs > row.eventTimeMs ? before : row)
      if (rows.size > most) {
        const [oldest] = rows.keys()
        if (oldest !== undefined) rows.delete(oldest)
      }
    },
    get(request) {
      const key = keyOf(request)
      const row = rows.get(key)
      if (row === undefined) return undefined
      rows.delete(key)
      rows.set(key, row)
      return row
    },
    get size() {
      return rows.size
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
