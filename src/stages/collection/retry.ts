import { setTimeout as sleep } from 'node:timers/promises'

/** What one attempt came to: an answer, or a fault and whether trying again may help. */
export type Attempt<T> =
  | { readonly done: true; readonly value: T }
  | {
      readonly done: false
      readonly retry: boolean
      /** What the other side asked to wait. */
      readonly waitMs?: number
      /** The error to end with, told how many attempts were made. */
      readonly fault: (attempts: number) => Error
    }

const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 60_000

/**
 * Tries until an attempt succeeds, refuses to be retried, or `retries` further attempts are spent.
 * Waits 0.2 s, 0.4 s, 0.8 s … in between, or what the other side asked for (at most a minute).
 */
export async function retry<T>(
  attempt: () => Promise<Attempt<T>>,
  options: { readonly retries: number; readonly signal: AbortSignal },
): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt()
    if (outcome.done) return outcome.value
    if (!outcome.retry || attempts > options.retries) throw outcome.fault(attempts)
    const wait = outcome.waitMs ?? FIRST_WAIT_MS * 2 ** (attempts - 1)
    await sleep(Math.min(wait, LONGEST_WAIT_MS), undefined, { signal: options.signal })
  }
}
