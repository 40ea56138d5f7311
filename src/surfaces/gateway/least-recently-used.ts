/** A model in memory, as far as room for others depends on it. */
export interface Resident {
  readonly bytes: number
  /** Higher is later; 0 was never used. */
  readonly lastUsed: number
  /** Whether something works with it now. */
  readonly isBusy: boolean
  /** Whether it stays whatever happens. */
  readonly isPinned: boolean
  /** Goes out of memory; its bytes are free once this settles. */
  leave(): Promise<void>
}

/**
 * Who leaves to make room: the idle ones that were used longest ago, no more than needed. Nobody when
 * all of them together would not be enough.
 * @param bytes that must become free
 */
export function leastRecentlyUsed(residents: Iterable<Resident>, bytes: number): Resident[] {
  const idle = [...residents]
    .filter(({ isBusy, isPinned }) => !isBusy && !isPinned)
    .sort((a, b) => a.lastUsed - b.lastUsed)
  const leaving: Resident[] = []
  let freed = 0
  for (const resident of idle) {
    if (freed >= bytes) break
    leaving.push(resident)
    freed += resident.bytes
  }
  return freed >= bytes ? leaving : []
}
