import { errors } from './errors.ts'
import { sortedValues } from './quantiles.ts'
import type { Numbers } from './scorer.ts'

/**
 * Notation
 *   F, G   empirical distribution functions of two samples (NaN left out);  p, q shares over the same bins
 *
 *   Kolmogorov–Smirnov  D = sup_x |F(x) − G(x)|                    in [0, 1]
 *   Wasserstein-1       W = ∫ |F(x) − G(x)| dx                     in the values' unit
 *   Jensen–Shannon      √(½ KL(p‖m) + ½ KL(q‖m)),  m = (p + q)/2    natural logarithm, in [0, √ln 2]
 * `undefined` when a sample is empty, or when shares sum to 0. Values must be finite for Wasserstein.
 */

/** Steps through both samples together: at each distinct value F, G and the way to the next value. */
function walk(
  a: Float64Array,
  b: Float64Array,
  visit: (difference: number, width: number) => void,
): void {
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const value = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY)
    while (i < a.length && a[i] === value) i++
    while (j < b.length && b[j] === value) j++
    const next = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY)
    const last = i === a.length && j === b.length
    visit(Math.abs(i / a.length - j / b.length), last ? 0 : next - value)
  }
}

/** Two-sample Kolmogorov–Smirnov statistic. */
export function kolmogorovSmirnov(
  first: Numbers | readonly number[],
  second: Numbers | readonly number[],
): number | undefined {
  const a = sortedValues(first)
  const b = sortedValues(second)
  if (a.length === 0 || b.length === 0) return undefined
  let largest = 0
  walk(a, b, (difference) => {
    largest = Math.max(largest, difference)
  })
  return largest
}

/** Wasserstein-1 (earth mover's) distance of two samples. */
export function wasserstein(
  first: Numbers | readonly number[],
  second: Numbers | readonly number[],
): number | undefined {
  const a = sortedValues(first)
  const b = sortedValues(second)
  if (a.length === 0 || b.length === 0) return undefined
  let area = 0
  walk(a, b, (difference, width) => {
    area += difference * width
  })
  return area
}

/**
 * Jensen–Shannon distance of two lists of shares; each is divided by its sum first.
 * @throws STATISTICS_INPUT_INVALID for unequal numbers of bins.
 */
export function jensenShannon(
  first: readonly number[] | Float64Array,
  second: readonly number[] | Float64Array,
): number | undefined {
  if (first.length !== second.length) {
    throw errors.STATISTICS_INPUT_INVALID({
      function: 'jensenShannon',
      expected: `${first.length} bins`,
      got: `${second.length}`,
    })
  }
  const p = Float64Array.from(first)
  const q = Float64Array.from(second)
  const sumP = p.reduce((sum, share) => sum + share, 0)
  const sumQ = q.reduce((sum, share) => sum + share, 0)
  if (sumP === 0 || sumQ === 0) return undefined
  const relative = (share: number, middle: number) =>
    share === 0 ? 0 : share * Math.log(share / middle)
  let divergence = 0
  p.forEach((share, bin) => {
    const a = share / sumP
    const b = (q[bin] ?? 0) / sumQ
    const middle = (a + b) / 2
    divergence += relative(a, middle) + relative(b, middle)
  })
  return Math.sqrt(Math.max(0, divergence / 2))
}
