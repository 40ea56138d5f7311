/**
 * Latencies in buckets that grow by 2 %, from 1 µs to about 1,000 s.
 *
 * Notation. b: growth of a bucket's edge (1.02); bucket i holds b^(i-1) < x ≤ b^i in µs.
 * A quantile is the upper edge of its bucket, hence at most 2 % too high and never too low.
 */
const GROWTH = Math.log(1.02)
const BUCKETS = Math.ceil(Math.log(1e9) / GROWTH) + 1

/** Upper edges of the buckets that Prometheus gets, in seconds. */
export const EXPORTED_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** What a histogram holds, as it goes from one process to another. */
export interface LatencyTally {
  /** Filled buckets: index and count. */
  readonly buckets: readonly (readonly [index: number, count: number])[]
  /** Counts by `EXPORTED_SECONDS`, each for itself. */
  readonly exported: readonly number[]
  readonly count: number
  readonly sumMs: number
}

export interface LatencyHistogram {
  record(ms: number): void
  tally(): LatencyTally
  readonly count: number
  /** Sum of all, in milliseconds. */
  readonly sumMs: number
  /** Milliseconds below which the share of latencies lies; null when none was recorded. */
  quantile(share: number): number | null
  /** Counts by `EXPORTED_SECONDS`, cumulative. */
  exported(): readonly number[]
}

/** @param tallies what it begins with, added up; @default nothing */
export function createLatencyHistogram(tallies: readonly LatencyTally[] = []): LatencyHistogram {
  const counts = new Uint32Array(BUCKETS)
  const exported = new Array<number>(EXPORTED_SECONDS.length).fill(0)
  let count = 0
  let sumMs = 0
  for (const tally of tallies) {
    for (const [index, n] of tally.buckets) counts[index] = (counts[index] ?? 0) + n
    for (const [index, n] of tally.exported.entries()) {
      exported[index] = (exported[index] ?? 0) + n
    }
    count += tally.count
    sumMs += tally.sumMs
  }
  return {
    tally: () => ({
      buckets: [...counts.entries()].filter(([, n]) => n > 0),
      exported: [...exported],
      count,
      sumMs,
    }),
    record(ms) {
      const index = Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(ms * 1_000) / GROWTH)))
      counts[index] = (counts[index] ?? 0) + 1
      const bucket = EXPORTED_SECONDS.findIndex((edge) => ms <= edge * 1_000)
      if (bucket >= 0) exported[bucket] = (exported[bucket] ?? 0) + 1
      count++
      sumMs += ms
    },
    get count() {
      return count
    },
    get sumMs() {
      return sumMs
    },
    quantile(share) {
      if (count === 0) return null
      const rank = Math.max(1, Math.ceil(share * count))
      let seen = 0
      const index = counts.findIndex((n) => {
        seen += n
        return seen >= rank
      })
      return Math.exp(index * GROWTH) / 1_000
    },
    exported() {
      let sum = 0
      return exported.map((n) => (sum += n))
    },
  }
}
