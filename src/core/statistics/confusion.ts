import { type RankedScores, ranksAtLeast } from './ranked-scores.ts'
import type { Counts } from './scorer.ts'

/**
 * Notation
 *   a row is decided "yes" when s_i ≥ t (threshold)
 *   TP, FP, FN, TN   weighted rows by what was decided and what came true; n = their sum
 *
 *   accuracy = (TP + TN) / n            precision = TP / (TP + FP)      recall = TP / (TP + FN)
 *   F1 = 2 TP / (2 TP + FP + FN)        balanced accuracy = (TP / P + TN / N) / 2
 * A division by zero in precision, recall or F1 gives 0 (scikit-learn's `zero_division=0`): a model
 * that never says "yes" has found nothing. Balanced accuracy needs both classes, accuracy a row;
 * otherwise they are `undefined`.
 */

/** Rows by decision and truth. */
export interface Confusion {
  readonly truePositive: number
  readonly falsePositive: number
  readonly falseNegative: number
  readonly trueNegative: number
}

/** @param counts by rank, as `countsByRank` gives them. */
export function confusionAt(ranked: RankedScores, threshold: number, counts: Counts): Confusion {
  const cut = ranksAtLeast(ranked, threshold)
  let truePositive = 0
  let falsePositive = 0
  let falseNegative = 0
  let trueNegative = 0
  for (let rank = 0; rank < ranked.rows; rank++) {
    const count = counts[rank] ?? 0
    const positive = ranked.labels[rank] === 1
    if (rank < cut) {
      if (positive) truePositive += count
      else falsePositive += count
    } else if (positive) falseNegative += count
    else trueNegative += count
  }
  return { truePositive, falsePositive, falseNegative, trueNegative }
}

export interface ConfusionMetrics {
  readonly accuracy: number | undefined
  readonly balancedAccuracy: number | undefined
  readonly precision: number | undefined
  readonly recall: number | undefined
  readonly f1: number | undefined
}

/** Share, with 0 for 0/0. */
export function ratioOrZero(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** Metrics of a binary confusion; all undefined without rows. */
export function confusionMetrics(confusion: Confusion): ConfusionMetrics {
  const { truePositive, falsePositive, falseNegative, trueNegative } = confusion
  const positives = truePositive + falseNegative
  const negatives = trueNegative + falsePositive
  const rows = positives + negatives
  if (rows === 0) {
    return {
      accuracy: undefined,
      balancedAccuracy: undefined,
      precision: undefined,
      recall: undefined,
      f1: undefined,
    }
  }
  return {
    accuracy: (truePositive + trueNegative) / rows,
    balancedAccuracy:
      positives > 0 && negatives > 0
        ? (truePositive / positives + trueNegative / negatives) / 2
        : undefined,
    precision: ratioOrZero(truePositive, truePositive + falsePositive),
    recall: ratioOrZero(truePositive, positives),
    f1: ratioOrZero(2 * truePositive, 2 * truePositive + falsePositive + falseNegative),
  }
}
