import { type Confusion, confusionMetrics } from './confusion.ts'
import { type DecisionMoney, totalValue } from './decision-value.ts'
import type { RankedScores } from './ranked-scores.ts'

/**
 * Notation
 *   t          threshold; a row is decided "yes" when s_i ≥ t
 *   J(t)       objective: money per decision, or F1
 *   t* = argmax J(t) over all thresholds that decide the rows differently, "always" and "never"
 *        included; among equals the highest, which says "yes" least often
 * t* lies half-way between the two neighbouring scores, so that rounding of a served score does not
 * turn a decision. "Always" is 0; "never" lies half-way between the largest score and 1, or just
 * above 1 when a score of 1 occurs. Scores are probabilities in [0, 1].
 * O(n) on ranked scores. Without rows: `undefined`.
 */

/** What the threshold shall make largest. */
export type ThresholdObjective =
  | { readonly by: 'max-f1' }
  | { readonly by: 'max-value'; readonly money: DecisionMoney }

export interface BestThreshold {
  readonly threshold: number
  /** Money per decision, or F1, at the threshold on the given rows. */
  readonly objective: number
}

/** A little above 1: says "no" even to a probability of 1. */
export const NEVER_THRESHOLD: number = 1 + 2 ** -20

function between(upper: number, lower: number): number {
  const middle = (upper + lower) / 2
  return middle > lower ? middle : upper
}

function thresholdAfter(ranked: RankedScores, rank: number): number {
  if (rank < 0) {
    const largest = ranked.scores[0] ?? 0
    return largest < 1 ? between(1, largest) : Math.max(NEVER_THRESHOLD, largest * NEVER_THRESHOLD)
  }
  const here = ranked.scores[rank] ?? 0
  const next = ranked.scores[rank + 1]
  return next === undefined ? Math.min(0, here) : between(here, next)
}

/** The threshold that makes value or F1 largest; undefined without rows. */
export function bestThreshold(
  ranked: RankedScores,
  objective: ThresholdObjective,
): BestThreshold | undefined {
  if (ranked.rows === 0) return undefined
  const positives = ranked.labels.reduce((sum, label) => sum + label, 0)
  const negatives = ranked.rows - positives
  const measure = (truePositive: number, falsePositive: number): number => {
    const confusion: Confusion = {
      truePositive,
      falsePositive,
      falseNegative: positives - truePositive,
      trueNegative: negatives - falsePositive,
    }
    return objective.by === 'max-f1'
      ? (confusionMetrics(confusion).f1 ?? 0)
      : totalValue(confusion, objective.money) / ranked.rows
  }
  let bestRank = -1
  let best = measure(0, 0)
  let truePositive = 0
  for (let rank = 0; rank < ranked.rows; rank++) {
    truePositive += ranked.labels[rank] ?? 0
    if (ranked.groupEnds[rank] === 0) continue
    const here = measure(truePositive, rank + 1 - truePositive)
    if (here > best) {
      best = here
      bestRank = rank
    }
  }
  return { threshold: thresholdAfter(ranked, bestRank), objective: best }
}
