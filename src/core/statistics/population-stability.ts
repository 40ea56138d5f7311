import { errors } from './errors.ts'

/**
 * Notation
 *   p_k, q_k   shares of reference and current rows in bin k of K;  Σ p = Σ q = 1
 *   p̃_k = (p_k + ε) / (1 + K ε),  likewise q̃: an empty bin costs much, not infinitely much
 *   PSI = Σ_k (q̃_k − p̃_k) · ln(q̃_k / p̃_k)    (≥ 0; 0 exactly when all shares are equal)
 * Conventional reading: below 0.1 stable, above 0.25 a large shift (Siddiqi 2006).
 *
 * Two samples of one population of sizes m and n still give a PSI that is distributed about as
 *   (1/m + 1/n) · χ²_{K−1}    (Yurdakul & Naranjo 2020)
 * as long as ε is about half a row (`psiEpsilon`): with a smaller one, bins that a small sample left
 * empty by chance cost far more than that (ten bins, 30 rows, ε = 10⁻⁴: four alarms in ten). So
 * `psiNoise` gives the value that chance exceeds once in a hundred times; a drift below it tells
 * nothing. The χ² quantile is Wilson & Hilferty's (1931): d · (1 − 2/(9d) + z √(2/(9d)))³.
 */

export const PSI_EPSILON = 1e-4

/** Smoothing of half a row of the smaller sample, and never less than `PSI_EPSILON`. */
export function psiEpsilon(rows: number): number {
  return rows === 0 ? PSI_EPSILON : Math.max(PSI_EPSILON, 0.5 / rows)
}

/** z of the 99th percentile of the normal distribution. */
const Z_99 = 2.326_347_874_040_841

/**
 * Population stability index of two lists of shares over the same bins.
 * @throws STATISTICS_INPUT_INVALID for unequal numbers of bins.
 */
export function psi(
  referenceShares: readonly number[] | Float64Array,
  currentShares: readonly number[] | Float64Array,
  epsilon: number = PSI_EPSILON,
): number {
  const bins = referenceShares.length
  if (currentShares.length !== bins) {
    throw errors.STATISTICS_INPUT_INVALID({
      function: 'psi',
      expected: `${bins} bins`,
      got: `${currentShares.length}`,
    })
  }
  const whole = 1 + bins * epsilon
  let sum = 0
  for (let bin = 0; bin < bins; bin++) {
    const reference = ((referenceShares[bin] ?? 0) + epsilon) / whole
    const current = ((currentShares[bin] ?? 0) + epsilon) / whole
    sum += (current - reference) * Math.log(current / reference)
  }
  return sum
}

/** PSI that mere chance exceeds once in a hundred times; 0 for a single bin, infinite without rows. */
export function psiNoise(options: {
  readonly bins: number
  readonly referenceRows: number
  readonly currentRows: number
}): number {
  const freedom = options.bins - 1
  if (freedom < 1) return 0
  if (options.referenceRows === 0 || options.currentRows === 0) return Number.POSITIVE_INFINITY
  const spread = 2 / (9 * freedom)
  const chiSquare = freedom * (1 - spread + Z_99 * Math.sqrt(spread)) ** 3
  return chiSquare * (1 / options.referenceRows + 1 / options.currentRows)
}
