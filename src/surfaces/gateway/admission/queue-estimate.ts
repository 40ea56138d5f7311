/**
 * Notation: W how long a request took once it was admitted, N how many were under way when it
 * began (itself included); both smoothed exponentially with weight 1/16. By Little's law (Little
 * 1961, "A Proof for the Queuing Formula L = λW") the throughput while busy is N / W.
 */
const WEIGHT = 1 / 16

/** What the requests that ended lately say of one that comes now. */
export interface QueueEstimate {
  /** @param concurrency requests under way when this one began, itself included; at least 1 */
  record(durationMs: number, concurrency: number): void
  /**
   * Milliseconds that a request admitted beside so many others will probably take: as long as the
   * ones lately, less when fewer are under way than were then. With none under way it is 0, so that
   * a server which refused everybody for a while tries again. Never more than the latest ones took:
   * a sudden crowd is admitted first and judged by what was measured of it.
   */
  expectedMs(inFlight: number): number
  /** Milliseconds until so many requests have ended. */
  drainMs(inFlight: number): number
}

export function createQueueEstimate(): QueueEstimate {
  let durationMs = 0
  let concurrency = 1
  let seen = 0
  return {
    record(duration, beside) {
      // The first ones count fully, or the beginning would weigh for long.
      const weight = Math.max(WEIGHT, 1 / ++seen)
      durationMs += (duration - durationMs) * weight
      concurrency += (beside - concurrency) * weight
    },
    expectedMs: (inFlight) => durationMs * Math.min(1, inFlight / concurrency),
    drainMs: (inFlight) => (durationMs * inFlight) / concurrency,
  }
}
