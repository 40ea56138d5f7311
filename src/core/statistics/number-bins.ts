import { quantileOfSorted } from './quantiles.ts'
import type { Numbers } from './scorer.ts'

/**
 * Notation
 *   e_0 < … < e_{K−2}   inner edges; bin i holds e_{i−1} < x ≤ e_i, the first everything up to e_0,
 *                       the last everything above e_{K−2}
 *   share of bin i      rows in the bin / all rows, missing ones included; Σ shares + missing = 1
 * Values are compared as float32, which is what models see and training frames hold: 0.7 sent as a
 * double and 0.7 read from a frame fall into one bin. NaN (or null) is missing. Infinite values fall
 * into the outer bins.
 *
 * Edges are quantiles. A value that fills a quantile's width by itself (zeros of rainfall, a flag)
 * gets a bin of its own, so a shift to either side of it shows.
 */

export const REFERENCE_BINS = 10

/** Largest edge below which nothing equal to `value` lies. */
function justBelow(value: number): number {
  return value - Math.max(Math.abs(value) * 2 ** -20, 1e-12)
}

/** Inner edges of about `bins` bins of equal frequency; empty when there are no values. */
export function quantileEdges(
  values: Numbers | readonly (number | null)[],
  bins: number = REFERENCE_BINS,
): number[] {
  const known: number[] = []
  for (const value of values) {
    if (value !== null && Number.isFinite(value)) known.push(Math.fround(value))
  }
  const sorted = Float64Array.from(known).sort()
  const edges = new Set<number>()
  for (let k = 1; k < bins; k++) {
    const edge = quantileOfSorted(sorted, k / bins)
    if (edge === undefined) return []
    if (edges.has(edge)) edges.add(justBelow(edge))
    edges.add(edge)
  }
  return [...edges].sort((a, b) => a - b)
}

/** Number of the bin of a value, 0 … edges.length. */
export function binOf(value: number, edges: readonly number[]): number {
  const asSeen = Math.fround(value)
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (asSeen <= (edges[middle] ?? 0)) high = middle
    else low = middle + 1
  }
  return low
}

export interface NumberShares {
  /** One more than the edges; of all rows. */
  readonly shares: number[]
  readonly missingShare: number
  readonly rows: number
}

/** Shares of values by the edges of a reference; all 0 without rows. */
export function numberShares(
  values: Numbers | readonly (number | null)[],
  edges: readonly number[],
): NumberShares {
  const counts = new Array<number>(edges.length + 1).fill(0)
  let missing = 0
  for (const value of values) {
    if (value === null || Number.isNaN(value)) missing++
    else {
      const bin = binOf(value, edges)
      counts[bin] = (counts[bin] ?? 0) + 1
    }
  }
  const rows = values.length
  return {
    shares: counts.map((count) => (rows === 0 ? 0 : count / rows)),
    missingShare: rows === 0 ? 0 : missing / rows,
    rows,
  }
}
