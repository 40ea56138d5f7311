import type { Moments } from './moments.ts'

/**
 * The difference of two means, looked at as often as one likes.
 *
 * Notation
 *   x̄_a, s²_a, n_a   mean, sample variance and count of arm a: 1 treatment, 0 control
 *   D = x̄_1 − x̄_0,   V = s²_1/n_1 + s²_0/n_0
 *   τ²               variance of a normal mixture over the true difference
 *   Λ = √(V / (V + τ²)) · exp(τ² D² / (2 V (V + τ²)))      mixture likelihood ratio against "none"
 *   interval: D ± √( V (V + τ²)/τ² · (2 ln(1/α) + ln((V + τ²)/V)) )      all d with Λ_d < 1/α
 *   p = min(1, 1/Λ)
 * Under no difference Λ is a martingale of mean 1, so by Ville's inequality it ever reaches 1/α with
 * a chance of at most α: rejecting at any look keeps the level, and the intervals of all looks hold
 * the truth together with a chance of at least 1 − α.
 * Source: Johari, Pekelis & Walsh (2015/2021), "Always valid inference"; the interval is the normal
 * mixture of Howard, Ramdas, McAuliffe & Sekhon (2021), "Time-uniform confidence sequences". With
 * variances estimated from the data it is exact in the limit (Waudby-Smith et al. 2021,
 * "Time-uniform central limit theory"), so the first look needs some tens of rows an arm.
 *
 * τ² = c · (s²_1 + s²_0)/m makes the interval about narrowest at m rows an arm, with
 * c = 2 ln(1/α) + ln(2 ln(1/α)) + 1 (Howard et al., section 3.5).
 */

export interface SequentialDifferenceOptions {
  readonly treatment: Moments
  readonly control: Moments
  /** Chance that the intervals of all looks together miss the truth; in (0, 1). */
  readonly alpha: number
  /** Rows an arm at which the interval shall be narrowest; must not depend on the data. */
  readonly plannedRows: number
}

export interface SequentialDifference {
  /** Treatment less control, in the metric's unit. */
  readonly estimate: number
  readonly low: number
  readonly high: number
  /** Always-valid p-value of "no difference" at this look. */
  readonly pValue: number
}

/** Products of smaller variances vanish in a double; such an arm does not vary. */
const LEAST_SPREAD = 1e-150

/** Undefined with fewer than two rows an arm, or when nothing varies in either arm. */
export function sequentialDifference(
  options: SequentialDifferenceOptions,
): SequentialDifference | undefined {
  const { treatment, control, alpha, plannedRows } = options
  if (treatment.count < 2 || control.count < 2) return undefined
  const spread = treatment.variance / treatment.count + control.variance / control.count
  if (!(spread > LEAST_SPREAD)) return undefined
  const level = 2 * Math.log(1 / alpha)
  // Above about 0.6 the logarithm is negative; the width then matters little, its sign does.
  const tuning = Math.max(1, level + Math.log(Math.max(level, 1)) + 1)
  const mixture = (tuning * (treatment.variance + control.variance)) / plannedRows
  const whole = spread + mixture
  const estimate = treatment.mean - control.mean
  const half = Math.sqrt(((spread * whole) / mixture) * (level + Math.log(whole / spread)))
  const logRatio = 0.5 * Math.log(spread / whole) + (mixture * estimate ** 2) / (2 * spread * whole)
  return {
    estimate,
    low: estimate - half,
    high: estimate + half,
    pValue: Math.min(1, Math.exp(-logRatio)),
  }
}

/**
 * Moments of a share, its variance taken with one success and one failure more (Agresti & Caffo
 * 2000): an arm without successes would otherwise claim to know that there are none.
 */
export function shareMoments(successes: number, count: number): Moments {
  const smoothed = (successes + 1) / (count + 2)
  return {
    count,
    mean: count === 0 ? 0 : successes / count,
    variance: smoothed * (1 - smoothed),
  }
}
