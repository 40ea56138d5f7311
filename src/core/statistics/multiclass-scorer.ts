import type { Metrics } from '../records/index.ts'
import { logLossOf, weightedMean } from './binary-scorer.ts'
import { ratioOrZero } from './confusion.ts'
import { definedMetrics } from './defined-metrics.ts'
import { errors } from './errors.ts'
import { rankMetrics } from './rank-metrics.ts'
import { countsByRank, rankScores } from './ranked-scores.ts'
import type { Counts, Numbers, Scorer } from './scorer.ts'

/**
 * Notation
 *   K ≥ 2             classes;  y_i ∈ {0 … K−1} label,  p_ik probability of class k, row-major [n, K]
 *   ŷ_i = argmax_k p_ik, the first of equals
 *   C[a][d]           rows of actual class a decided as d
 *
 *   accuracy = Σ C[k][k] / n         balanced accuracy = mean recall of the classes that occur
 *   macro precision, recall, F1 = plain mean over classes that occur in labels or decisions,
 *                                 0/0 counts as 0 (scikit-learn's defaults)
 *   log loss = −Σ ln p̃_{i,y_i} / n, clipped as in the binary case
 *   ROC AUC  = plain mean of one-vs-rest areas over the classes that occur (Provost & Domingos 2000)
 *   value    = Σ C[a][d] · money[a][d] / n
 * Balanced accuracy and ROC AUC need two classes that occur, else absent. Without rows all are absent.
 */

export interface MulticlassPredictions {
  /** Class number, one a row. */
  readonly labels: Uint16Array
  /** Probabilities, row-major [rows, classes]. */
  readonly probabilities: Numbers
  /** Number of classes, K. */
  readonly classes: number
  /** Money of deciding d when a is true, row-major [classes, classes]. */
  readonly money?: Float64Array
}

/** Most likely class of each row; the first of equals. */
export function mostLikely(probabilities: Numbers, classes: number): Uint16Array {
  const decided = new Uint16Array(classes === 0 ? 0 : Math.floor(probabilities.length / classes))
  for (let row = 0; row < decided.length; row++) {
    let best = 0
    let bestValue = Number.NEGATIVE_INFINITY
    for (let k = 0; k < classes; k++) {
      const value = probabilities[row * classes + k] ?? 0
      if (value > bestValue) {
        bestValue = value
        best = k
      }
    }
    decided[row] = best
  }
  return decided
}

function check({ labels, probabilities, classes }: MulticlassPredictions): void {
  const invalid = (expected: string, got: string) =>
    errors.STATISTICS_INPUT_INVALID({ function: 'multiclassScorer', expected, got })
  if (probabilities.length !== labels.length * classes) {
    throw invalid(`${labels.length} × ${classes} probabilities`, `${probabilities.length}`)
  }
  const bad = probabilities.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw invalid('finite probabilities', `${probabilities[bad]} at ${bad}`)
  const label = labels.findIndex((value) => value >= classes)
  if (label >= 0) throw invalid(`labels below ${classes}`, `${labels[label]} in row ${label}`)
}

/** Rows by [actual class, decided class], row-major; K × K. */
export function multiclassConfusion(options: {
  readonly labels: Uint16Array
  readonly decided: Uint16Array
  readonly classes: number
  readonly counts?: Counts
}): Float64Array {
  const { labels, decided, classes, counts } = options
  const confusion = new Float64Array(classes * classes)
  for (let row = 0; row < labels.length; row++) {
    const cell = (labels[row] ?? 0) * classes + (decided[row] ?? 0)
    confusion[cell] = (confusion[cell] ?? 0) + (counts === undefined ? 1 : (counts[row] ?? 0))
  }
  return confusion
}

interface ClassTotals {
  readonly actual: number
  readonly decided: number
  readonly hit: number
}

function totalsByClass(confusion: Float64Array, classes: number): ClassTotals[] {
  return Array.from({ length: classes }, (_, k) => {
    let actual = 0
    let decided = 0
    for (let other = 0; other < classes; other++) {
      actual += confusion[k * classes + other] ?? 0
      decided += confusion[other * classes + k] ?? 0
    }
    return { actual, decided, hit: confusion[k * classes + k] ?? 0 }
  })
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : values.reduce((sum, value) => sum + value, 0) / values.length
}

function metricsOfConfusion(confusion: Float64Array, classes: number): Metrics {
  const totals = totalsByClass(confusion, classes)
  const occurring = totals.filter((t) => t.actual > 0)
  const seen = totals.filter((t) => t.actual + t.decided > 0)
  const rows = totals.reduce((sum, t) => sum + t.actual, 0)
  return definedMetrics({
    accuracy: rows === 0 ? undefined : totals.reduce((sum, t) => sum + t.hit, 0) / rows,
    balancedAccuracy:
      occurring.length < 2 ? undefined : mean(occurring.map((t) => t.hit / t.actual)),
    precision: mean(seen.map((t) => ratioOrZero(t.hit, t.decided))),
    recall: mean(seen.map((t) => ratioOrZero(t.hit, t.actual))),
    f1: mean(seen.map((t) => ratioOrZero(2 * t.hit, t.actual + t.decided))),
  })
}

/**
 * Makes multi-class predictions ready to be scored, also many times under counts.
 * @throws STATISTICS_INPUT_INVALID for wrong lengths, labels beyond the classes, NaN or infinite probabilities.
 */
export function multiclassScorer(predictions: MulticlassPredictions): Scorer {
  check(predictions)
  const { labels, probabilities, classes, money } = predictions
  const decided = mostLikely(probabilities, classes)
  const losses = Float64Array.from(labels, (label, row) =>
    logLossOf(probabilities[row * classes + label] ?? 0),
  )
  const rankings = Array.from({ length: classes }, (_, k) =>
    rankScores(
      Uint8Array.from(labels, (label) => (label === k ? 1 : 0)),
      Float64Array.from(labels, (_label, row) => probabilities[row * classes + k] ?? 0),
    ),
  )
  const ones = new Uint16Array(labels.length).fill(1)
  return {
    rows: labels.length,
    score(counts: Counts = ones): Metrics {
      const confusion = multiclassConfusion({ labels, decided, classes, counts })
      const areas = rankings
        .map((ranked) => rankMetrics(ranked, countsByRank(ranked, counts)).rocAuc)
        .filter((area) => area !== undefined)
      const rows = confusion.reduce((sum, count) => sum + count, 0)
      return {
        ...metricsOfConfusion(confusion, classes),
        ...definedMetrics({
          rocAuc: mean(areas),
          logLoss: weightedMean(losses, counts),
          valuePerDecision:
            money === undefined || rows === 0
              ? undefined
              : confusion.reduce((sum, count, cell) => sum + count * (money[cell] ?? 0), 0) / rows,
        }),
      }
    },
  }
}

/** Every multi-class metric of the rows; undefined ones are absent. */
export function scoreMulticlass(predictions: MulticlassPredictions): Metrics {
  return multiclassScorer(predictions).score()
}

/** A project's money by class names as the row-major matrix; a pair not named earns 0. */
export function moneyMatrix(
  matrix: Readonly<Record<string, Readonly<Record<string, number>>>>,
  classes: readonly string[],
): Float64Array {
  return Float64Array.from(
    classes.flatMap((actual) => classes.map((decided) => matrix[actual]?.[decided] ?? 0)),
  )
}
