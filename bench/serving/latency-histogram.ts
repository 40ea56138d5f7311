/** Steps in which a doubling is counted: buckets are at most 1.6 % wide. */
const STEPS = 64
const SMALLEST_MS = 0.001
const DOUBLINGS = 30

export interface LatencyHistogram {
  record(milliseconds: number): void
  readonly count: number
  /** The upper end of the bucket that holds a share in (0, 1], in milliseconds; NaN when empty. */
  quantile(share: number): number
}

/** Counts in buckets that grow in proportion, from a microsecond to some twenty minutes. */
export function createLatencyHistogram(): LatencyHistogram {
  const buckets = new Float64Array(STEPS * DOUBLINGS)
  let count = 0
  return {
    record(milliseconds) {
      const bucket = Math.floor(STEPS * Math.log2(milliseconds / SMALLEST_MS))
      const index = Math.min(Math.max(bucket, 0), buckets.length - 1)
      buckets[index] = (buckets[index] ?? 0) + 1
      count++
    },
    get count() {
      return count
    },
    quantile(share) {
      let left = Math.ceil(share * count)
      for (const [index, held] of buckets.entries()) {
        left -= held
        if (count > 0 && left <= 0) return SMALLEST_MS * 2 ** ((index + 1) / STEPS)
      }
      return Number.NaN
    },
  }
}
