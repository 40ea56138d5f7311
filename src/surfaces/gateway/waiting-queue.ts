/** What waits for work that may be slower than what comes: bounded in number and in bytes. */
export interface WaitingQueue<T> {
  /**
   * @param bytes that it holds in memory, about
   * @returns false when there is no room for it
   */
  offer(item: T, bytes: number): boolean
  /** The one that waited longest goes out. */
  take(): T | undefined
  /** All of them go out. */
  clear(): readonly T[]
}

/** Many requests of the largest size that is let in would else be gigabytes. */
const MOST_BYTES = 64 * 1_048_576

/** @param bounds `items` are at most so many; `bytes` together, by default 64 MiB */
export function createWaitingQueue<T>(bounds: {
  readonly items: () => number
  readonly bytes?: number
}): WaitingQueue<T> {
  const { bytes: mostBytes = MOST_BYTES } = bounds
  const waiting: { readonly item: T; readonly bytes: number }[] = []
  let held = 0
  return {
    offer(item, bytes) {
      if (waiting.length >= bounds.items() || held + bytes > mostBytes) return false
      waiting.push({ item, bytes })
      held += bytes
      return true
    },
    take() {
      const next = waiting.shift()
      held -= next?.bytes ?? 0
      return next?.item
    },
    clear() {
      held = 0
      return waiting.splice(0).map(({ item }) => item)
    },
  }
}

/** Bytes that values of requests take in memory, about: numbers 8, texts 2 a character. */
export function bytesOfValues(columns: Iterable<readonly unknown[]>): number {
  let bytes = 0
  for (const values of columns) {
    bytes += 8 * values.length
    for (const value of values) {
      if (typeof value === 'string') bytes += 2 * value.length
      else if (Array.isArray(value)) bytes += bytesOfValues([value])
    }
  }
  return bytes
}
