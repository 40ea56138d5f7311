import type { BinaryValue } from '../records/index.ts'
import type { Confusion } from './confusion.ts'
import { countsByRank, type RankedScores, ranksAtLeast } from './ranked-scores.ts'

/**
 * Notation
 *   v_TP, v_FP, v_FN, v_TN   money one decision earns by what was decided and what came true
 *   value per decision at threshold t = (v_TP·TP + v_FP·FP + v_FN·FN + v_TN·TN) / n, in currency
 * Without rows there is no value: `undefined`, or an empty curve.
 * Source: cost-sensitive decisions after Elkan (2001), "The foundations of cost-sensitive learning".
 */

/** Money by decision and truth; losses are negative. */
export type DecisionMoney = Pick<
  BinaryValue,
  'truePositive' | 'falsePositive' | 'falseNegative' | 'trueNegative'
>

/** Money all decisions of a confusion earn together. */
export function totalValue(confusion: Confusion, money: DecisionMoney): number {
  return (
    confusion.truePositive * money.truePositive +
    confusion.falsePositive * money.falsePositive +
    confusion.falseNegative * money.falseNegative +
    confusion.trueNegative * money.trueNegative
  )
}

/** Money one decision earns on average; undefined without rows. */
export function valuePerDecision(confusion: Confusion, money: DecisionMoney): number | undefined {
  const rows =
    confusion.truePositive +
    confusion.falsePositive +
    confusion.falseNegative +
    confusion.trueNegative
  return rows === 0 ? undefined : totalValue(confusion, money) / rows
}

const GRID_STEPS = 100
const MAX_QUANTILES = 99

/** Thresholds worth drawing: hundredths, and quantiles of the scores where they crowd. */
function thresholdsToDraw(ranked: RankedScores): number[] {
  const thresholds = new Set<number>()
  for (let step = 0; step <= GRID_STEPS; step++) thresholds.add(step / GRID_STEPS)
  for (let k = 1; k <= MAX_QUANTILES; k++) {
    const score = ranked.scores[Math.floor((k / (MAX_QUANTILES + 1)) * ranked.rows)]
    if (score !== undefined) thresholds.add(score)
  }
  return [...thresholds].sort((a, b) => a - b)
}

/** [threshold, money per decision], rising thresholds, at most 200 points. */
export function valueCurve(ranked: RankedScores, money: DecisionMoney): [number, number][] {
  if (ranked.rows === 0) return []
  const counts = countsByRank(ranked)
  const positivesBefore = new Float64Array(ranked.rows + 1)
  for (let rank = 0; rank < ranked.rows; rank++) {
    positivesBefore[rank + 1] =
      (positivesBefore[rank] ?? 0) + (ranked.labels[rank] ?? 0) * (counts[rank] ?? 0)
  }
  const positives = positivesBefore[ranked.rows] ?? 0
  return thresholdsToDraw(ranked).map((threshold) => {
    const cut = ranksAtLeast(ranked, threshold)
    const truePositive = positivesBefore[cut] ?? 0
    const falsePositive = cut - truePositive
    const falseNegative = positives - truePositive
    const trueNegative = ranked.rows - cut - falseNegative
    const confusion = { truePositive, falsePositive, falseNegative, trueNegative }
    return [threshold, totalValue(confusion, money) / ranked.rows]
  })
}
