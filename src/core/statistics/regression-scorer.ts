import type { Metrics } from '../records/index.ts'
import { definedMetrics } from './defined-metrics.ts'
import { errors } from './errors.ts'
import type { Counts, Numbers, Scorer } from './scorer.ts'

/**
 * Notation
 *   y_i, ŷ_i ∈ ℝ   truth and prediction, finite;  e_i = ŷ_i − y_i;  w_i count;  W = Σ w_i
 *
 *   RMSE = √(Σ w e² / W)     MAE = Σ w |e| / W     R² = 1 − Σ w e² / Σ w (y − ȳ)²
 *   value per decision = a − b · MAE, with a money per decision and b money per unit of error
 * R² needs truths that differ, else absent. Without rows all are absent.
 */

export interface RegressionPredictions {
  readonly truths: Numbers
  readonly predictions: Numbers
  readonly money?: { readonly perDecision: number; readonly perUnitOfError: number }
}

function check({ truths, predictions }: RegressionPredictions): void {
  const invalid = (expected: string, got: string) =>
    errors.STATISTICS_INPUT_INVALID({ function: 'regressionScorer', expected, got })
  if (truths.length !== predictions.length) {
    throw invalid(`${truths.length} predictions`, `${predictions.length}`)
  }
  const bad = truths.findIndex(
    (truth, row) => !(Number.isFinite(truth) && Number.isFinite(predictions[row])),
  )
  if (bad >= 0) throw invalid('finite numbers', `${truths[bad]}, ${predictions[bad]} in row ${bad}`)
}

interface ErrorSums {
  readonly weight: number
  readonly squares: number
  readonly absolutes: number
  /** Σ w (y − ȳ)², by Welford's update, so that large truths lose no digits. */
  readonly spread: number
}

function errorSums({ truths, predictions }: RegressionPredictions, counts: Counts): ErrorSums {
  let weight = 0
  let squares = 0
  let absolutes = 0
  let mean = 0
  let spread = 0
  for (let row = 0; row < truths.length; row++) {
    const count = counts[row] ?? 0
    if (count === 0) continue
    const truth = truths[row] ?? 0
    const error = (predictions[row] ?? 0) - truth
    squares += count * error * error
    absolutes += count * Math.abs(error)
    weight += count
    const step = truth - mean
    mean += (step * count) / weight
    spread += count * step * (truth - mean)
  }
  return { weight, squares, absolutes, spread }
}

/**
 * Makes regression predictions ready to be scored.
 * @throws STATISTICS_INPUT_INVALID for unequal lengths, NaN or infinite numbers.
 */
export function regressionScorer(predictions: RegressionPredictions): Scorer {
  check(predictions)
  const { money } = predictions
  const ones = new Uint16Array(predictions.truths.length).fill(1)
  return {
    rows: predictions.truths.length,
    score(counts: Counts = ones): Metrics {
      const sums = errorSums(predictions, counts)
      if (sums.weight === 0) return {}
      const mae = sums.absolutes / sums.weight
      return definedMetrics({
        rmse: Math.sqrt(sums.squares / sums.weight),
        mae,
        r2: sums.spread > 0 ? 1 - sums.squares / sums.spread : undefined,
        valuePerDecision:
          money === undefined ? undefined : money.perDecision - money.perUnitOfError * mae,
      })
    },
  }
}

/** Every regression metric of the rows; undefined ones are absent. */
export function scoreRegression(predictions: RegressionPredictions): Metrics {
  return regressionScorer(predictions).score()
}
