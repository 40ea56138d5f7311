import { fullBucket, type Rate, type Taken, type TokenBucket, takeToken } from './token-bucket.ts'

/** Buckets of callers, the least recently seen forgotten first. */
export interface CallerBuckets {
  take(caller: string, rate: Rate, nowMs: number): Taken
  readonly size: number
}

/**
 * @param limit callers that are remembered. One that was forgotten begins with a full bucket again:
 *   with more callers than this at once the rates are bounds in the mean, not for each
 */
export function createCallerBuckets(limit = 10_000): CallerBuckets {
  const buckets = new Map<string, TokenBucket>()
  return {
    take(caller, rate, nowMs) {
      const taken = takeToken(buckets.get(caller) ?? fullBucket(rate, nowMs), rate, nowMs)
      // A map keeps the order of insertion: the first one was not seen for longest.
      buckets.delete(caller)
      buckets.set(caller, taken.bucket)
      if (buckets.size > limit) {
        const [oldest] = buckets.keys()
        if (oldest !== undefined) buckets.delete(oldest)
      }
      return taken
    },
    get size() {
      return buckets.size
    },
  }
}
