import type { Clock } from '../../core/time/index.ts'
import { securityErrors } from './errors.ts'

/** Failures that cost nothing: people mistype. */
const FREE_FAILURES = 5
const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 15 * 60_000
/** After this long without a failure all is forgotten. */
const FORGET_MS = 30 * 60_000
/** Keys kept at most; the oldest are dropped first. */
const MAX_KEYS = 10_000
/** An address may stand for many people behind one door. */
const ADDRESS_FACTOR = 10

interface Failures {
  count: number
  lastAtMs: number
}

/** Counts failed logins by name and by address, in memory, and makes the next ones wait. */
export interface LoginThrottle {
  /** @throws LOGIN_THROTTLED */
  check(name: string, from: string): void
  failed(name: string, from: string): void
  succeeded(name: string, from: string): void
}

export function createLoginThrottle(clock: Clock): LoginThrottle {
  const failures = new Map<string, Failures>()
  const keys = (name: string, from: string) =>
    [
      // By name and address together: who guesses must not lock the owner out from elsewhere.
      { key: `name ${name}\n${from}`, free: FREE_FAILURES },
      { key: `from ${from}`, free: FREE_FAILURES * ADDRESS_FACTOR },
    ] as const
  return {
    check(name, from) {
      for (const { key, free } of keys(name, from)) {
        const found = failures.get(key)
        if (found === undefined || found.count < free) continue
        const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (found.count - free))
        const leftMs = found.lastAtMs + delayMs - clock.now()
        if (leftMs > 0) {
          throw securityErrors.LOGIN_THROTTLED({ retryAfterSeconds: Math.ceil(leftMs / 1_000) })
        }
      }
    },
    failed(name, from) {
      const nowMs = clock.now()
      for (const { key } of keys(name, from)) {
        const found = failures.get(key)
        const count = found !== undefined && nowMs - found.lastAtMs < FORGET_MS ? found.count : 0
        // Set anew, so that the map stays in the order of the last failure.
        failures.delete(key)
        failures.set(key, { count: count + 1, lastAtMs: nowMs })
      }
      for (const key of failures.keys()) {
        if (failures.size <= MAX_KEYS) break
        failures.delete(key)
      }
    },
    succeeded(name, from) {
      for (const { key } of keys(name, from).slice(0, 1)) failures.delete(key)
    },
  }
}
