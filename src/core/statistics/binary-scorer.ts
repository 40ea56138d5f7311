import type { Metrics } from '../records/index.ts'
import { calibrationSums, expectedCalibrationError } from './calibration.ts'
import { confusionAt, confusionMetrics } from './confusion.ts'
import { type DecisionMoney, valuePerDecision } from './decision-value.ts'
import { definedMetrics } from './defined-metrics.ts'
import { rankMetrics } from './rank-metrics.ts'
import { countsByRank, type RankedScores, rankScores } from './ranked-scores.ts'
import type { Counts, Numbers, Scorer } from './scorer.ts'

/**
 * Notation
 *   y_i ∈ {0, 1}, p_i ∈ [0, 1]   label and predicted probability of class 1; w_i count of row i
 *   W = Σ w_i
 *
 *   log loss = −Σ w_i [y_i ln p̃_i + (1 − y_i) ln(1 − p̃_i)] / W,  p̃ clipped to [ε, 1 − ε]
 *              with ε = 2⁻⁵² (scikit-learn's choice for float64; float32 scores are widened first)
 *   Brier    = Σ w_i (p_i − y_i)² / W
 * The rest stands in `rank-metrics.ts`, `confusion.ts`, `calibration.ts`, `decision-value.ts`.
 * Without rows no metric is defined; with one class `rocAuc` and `balancedAccuracy` are absent, and
 * `prAuc` without positives.
 */

/** Probabilities are kept this far from 0 and 1 before their logarithm is taken. */
export const LOG_LOSS_EPSILON: number = 2 ** -52

/** Cost of a predicted probability for what came true. */
export function logLossOf(probabilityOfTruth: number): number {
  return -Math.log(Math.min(1 - LOG_LOSS_EPSILON, Math.max(LOG_LOSS_EPSILON, probabilityOfTruth)))
}

export interface BinaryPredictions {
  /** 0 or 1, one a row. */
  readonly labels: Uint8Array
  /** Probability of class 1, one a row. */
  readonly scores: Numbers
  /** "Yes" from this probability on. */
  readonly threshold: number
  /** Money by decision and truth; without it there is no `valuePerDecision`. */
  readonly money?: DecisionMoney
}

/** Loss of each rank: [log loss, squared error]. */
function lossesByRank(ranked: RankedScores): readonly [Float64Array, Float64Array] {
  const logLosses = new Float64Array(ranked.rows)
  const squares = new Float64Array(ranked.rows)
  for (let rank = 0; rank < ranked.rows; rank++) {
    const label = ranked.labels[rank] ?? 0
    const score = ranked.scores[rank] ?? 0
    logLosses[rank] = logLossOf(label === 1 ? score : 1 - score)
    squares[rank] = (score - label) ** 2
  }
  return [logLosses, squares]
}

/** Mean of values under counts; undefined when nothing is counted. */
export function weightedMean(values: Float64Array, counts: Counts): number | undefined {
  let sum = 0
  let total = 0
  for (let i = 0; i < values.length; i++) {
    const count = counts[i] ?? 0
    sum += count * (values[i] ?? 0)
    total += count
  }
  return total === 0 ? undefined : sum / total
}

/**
 * Makes binary predictions ready to be scored, also many times under counts.
 * @throws STATISTICS_INPUT_INVALID as `rankScores`.
 */
export function binaryScorer(predictions: BinaryPredictions): Scorer {
  const ranked = rankScores(predictions.labels, predictions.scores)
  const [logLosses, squares] = lossesByRank(ranked)
  const { threshold, money } = predictions
  return {
    rows: ranked.rows,
    score(counts?: Counts): Metrics {
      const byRank = countsByRank(ranked, counts)
      const ranks = rankMetrics(ranked, byRank)
      const confusion = confusionAt(ranked, threshold, byRank)
      return definedMetrics({
        ...confusionMetrics(confusion),
        rocAuc: ranks.rocAuc,
        prAuc: ranks.averagePrecision,
        logLoss: weightedMean(logLosses, byRank),
        brier: weightedMean(squares, byRank),
        calibrationError: expectedCalibrationError(calibrationSums(ranked, byRank)),
        valuePerDecision: money === undefined ? undefined : valuePerDecision(confusion, money),
      })
    },
  }
}

/** Every binary metric of the rows; undefined ones are absent. */
export function scoreBinary(predictions: BinaryPredictions): Metrics {
  return binaryScorer(predictions).score()
}
