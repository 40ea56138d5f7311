import type { Numbers } from './scorer.ts'

/**
 * Notation
 *   x_(0) ≤ … ≤ x_(n−1)   sorted values;  q ∈ [0, 1];  h = q · (n − 1)
 *   Q(q) = x_(⌊h⌋) + (h − ⌊h⌋) · (x_(⌊h⌋+1) − x_(⌊h⌋))
 * Linear interpolation: type 7 of Hyndman & Fan (1996), the default of NumPy, R and Excel.
 * NaN values are left out; without values the quantile is `undefined`.
 */

/** Values in rising order, NaN left out. */
export function sortedValues(values: Numbers | readonly number[]): Float64Array {
  return Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort()
}

/** Quantile of values already sorted without NaN. */
export function quantileOfSorted(sorted: Float64Array, q: number): number | undefined {
  if (sorted.length === 0) return undefined
  const position = Math.min(1, Math.max(0, q)) * (sorted.length - 1)
  const below = sorted[Math.floor(position)] ?? 0
  const above = sorted[Math.ceil(position)] ?? 0
  return below === above ? below : below + (position - Math.floor(position)) * (above - below)
}

/** Several quantiles with one sort; undefined without values. */
export function quantiles(
  values: Numbers | readonly number[],
  qs: readonly number[],
): number[] | undefined {
  const sorted = sortedValues(values)
  if (sorted.length === 0) return undefined
  return qs.map((q) => quantileOfSorted(sorted, q) ?? Number.NaN)
}

/** Median, 95th and 99th percentile, in the values' unit; null without values. */
export function percentiles(
  values: Numbers | readonly number[],
): { readonly p50: number; readonly p95: number; readonly p99: number } | null {
  const [p50, p95, p99] = quantiles(values, [0.5, 0.95, 0.99]) ?? []
  if (p50 === undefined || p95 === undefined || p99 === undefined) return null
  return { p50, p95, p99 }
}
