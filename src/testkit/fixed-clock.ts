import type { Clock } from '../core/time/index.ts'

/** A clock that stands still until it is told otherwise. */
export interface FixedClock extends Clock {
  advance(ms: number): void
  set(ms: number): void
}

/** Starts at `ms` (milliseconds since 1970, default 2026-01-01T00:00:00Z). */
export function fixedClock(ms: number = Date.UTC(2026, 0, 1)): FixedClock {
  let now = ms
  return {
    now: () => now,
    advance: (by) => {
      now += by
    },
    set: (to) => {
      now = to
    },
  }
}
