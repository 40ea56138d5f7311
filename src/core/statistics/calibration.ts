import type { Curves } from '../records/index.ts'
import type { RankedScores } from './ranked-scores.ts'
import type { Counts } from './scorer.ts'

/**
 * Notation
 *   p_i ∈ [0, 1]   predicted probability of class 1
 *   B_b            bin b of 10 equal-width bins; p = 1 belongs to the last one
 *   conf(b), acc(b)   mean predicted probability and observed share of class 1 in the bin
 *
 *   expected calibration error = Σ_b |B_b| / n · |acc(b) − conf(b)|
 * Empty bins weigh nothing and are left out of the curve. Without rows: `undefined`.
 * Source: Naeini, Cooper & Hauskrecht (2015), for the positive class of a binary problem.
 */

export const CALIBRATION_BINS = 10

export interface CalibrationSums {
  readonly rows: Float64Array
  readonly predicted: Float64Array
  readonly observed: Float64Array
}

/** @param counts by rank, as `countsByRank` gives them. */
export function calibrationSums(ranked: RankedScores, counts: Counts): CalibrationSums {
  const rows = new Float64Array(CALIBRATION_BINS)
  const predicted = new Float64Array(CALIBRATION_BINS)
  const observed = new Float64Array(CALIBRATION_BINS)
  for (let rank = 0; rank < ranked.rows; rank++) {
    const score = ranked.scores[rank] ?? 0
    const count = counts[rank] ?? 0
    const bin = Math.min(CALIBRATION_BINS - 1, Math.max(0, Math.floor(score * CALIBRATION_BINS)))
    rows[bin] = (rows[bin] ?? 0) + count
    predicted[bin] = (predicted[bin] ?? 0) + count * score
    observed[bin] = (observed[bin] ?? 0) + count * (ranked.labels[rank] ?? 0)
  }
  return { rows, predicted, observed }
}

/** Expected calibration error; undefined without rows. */
export function expectedCalibrationError(sums: CalibrationSums): number | undefined {
  let gap = 0
  let total = 0
  for (let bin = 0; bin < CALIBRATION_BINS; bin++) {
    gap += Math.abs((sums.predicted[bin] ?? 0) - (sums.observed[bin] ?? 0))
    total += sums.rows[bin] ?? 0
  }
  return total === 0 ? undefined : gap / total
}

/** Mean prediction against observed share, one point for each bin that has rows. */
export function calibrationCurve(sums: CalibrationSums): Curves['calibration'] {
  const points: Curves['calibration'] = []
  sums.rows.forEach((rows, bin) => {
    if (rows === 0) return
    points.push({
      predicted: (sums.predicted[bin] ?? 0) / rows,
      observed: (sums.observed[bin] ?? 0) / rows,
      rows,
    })
  })
  return points
}
