import { countsByRank, type RankedScores, rankScores } from './ranked-scores.ts'
import type { Counts, Numbers } from './scorer.ts'

/**
 * Notation
 *   P, N     weighted number of positive and negative rows
 *   TP_g, FP_g   positives and negatives with a score at least that of tie group g
 *
 *   ROC AUC  = Σ_g (FP_g − FP_{g−1}) · (TP_g + TP_{g−1}) / 2 / (P · N)
 *            = P(s⁺ > s⁻) + P(s⁺ = s⁻) / 2   (Mann–Whitney U with mid-ranks; Hanley & McNeil 1982)
 *   average precision = Σ_g (TP_g − TP_{g−1}) / P · TP_g / (TP_g + FP_g)
 *            (step-wise area under the precision–recall curve, no interpolation, as scikit-learn)
 * Undefined, so `undefined`: ROC AUC without both classes, average precision without positives.
 */

/** Both rank metrics in one pass. */
export interface RankMetrics {
  readonly rocAuc: number | undefined
  readonly averagePrecision: number | undefined
}

/** @param counts by rank, as `countsByRank` gives them. */
export function rankMetrics(ranked: RankedScores, counts: Counts): RankMetrics {
  const { labels, groupEnds, rows } = ranked
  let truePositives = 0
  let falsePositives = 0
  let previousTrue = 0
  let previousFalse = 0
  let area = 0
  let precisionSum = 0
  for (let rank = 0; rank < rows; rank++) {
    const count = counts[rank] ?? 0
    if (labels[rank] === 1) truePositives += count
    else falsePositives += count
    if (groupEnds[rank] === 0) continue
    area += (falsePositives - previousFalse) * (truePositives + previousTrue)
    if (truePositives > previousTrue) {
      precisionSum +=
        ((truePositives - previousTrue) * truePositives) / (truePositives + falsePositives)
    }
    previousTrue = truePositives
    previousFalse = falsePositives
  }
  const bothClasses = truePositives > 0 && falsePositives > 0
  return {
    rocAuc: bothClasses ? area / 2 / truePositives / falsePositives : undefined,
    averagePrecision: truePositives > 0 ? precisionSum / truePositives : undefined,
  }
}

/** Area under the ROC curve, ties by mid-rank; undefined unless both classes occur. */
export function rocAuc(labels: Uint8Array, scores: Numbers, counts?: Counts): number | undefined {
  const ranked = rankScores(labels, scores)
  return rankMetrics(ranked, countsByRank(ranked, counts)).rocAuc
}

/** Average precision; undefined without a positive row. */
export function averagePrecision(
  labels: Uint8Array,
  scores: Numbers,
  counts?: Counts,
): number | undefined {
  const ranked = rankScores(labels, scores)
  return rankMetrics(ranked, countsByRank(ranked, counts)).averagePrecision
}
