import type { Clock } from '../../core/time/index.ts'

const MEMORY_MS = 1_000
const MAX_KEPT = 1_000

/**
 * Remembers what the database said for a second, so that two thousand requests a second do not ask
 * it two thousand times. What another server changes holds here after that second; what this one
 * changes holds at once (`forget`).
 */
export interface ShortMemory<T> {
  get(key: string): Promise<T | undefined>
  forget(): void
}

export function createShortMemory<T>(
  clock: Clock,
  read: (key: string) => Promise<T | undefined>,
): ShortMemory<T> {
  const kept = new Map<
    string,
    { readonly value: Promise<T | undefined>; readonly untilMs: number }
  >()
  const ask = async (key: string): Promise<T | undefined> => {
    if (kept.size >= MAX_KEPT) kept.clear()
    const value = read(key)
    kept.set(key, { value, untilMs: clock.now() + MEMORY_MS })
    let found: T | undefined
    try {
      found = await value
      return found
    } finally {
      // What does not exist is not remembered: guesses must not fill the memory.
      if (found === undefined) kept.delete(key)
    }
  }
  return {
    async get(key) {
      const found = kept.get(key)
      return found !== undefined && found.untilMs > clock.now() ? found.value : ask(key)
    },
    forget: () => kept.clear(),
  }
}
