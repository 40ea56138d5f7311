import type { EvaluationPolicy, Fairness } from '../../core/records/index.ts'
import type { FramePartRows } from '../../platform/inference/index.ts'
import { formGroups, type Group } from './form-groups.ts'

/**
 * Notation
 *   Ŷ, Y ∈ {0, 1}   decision and truth;  A group
 *   selection rate P(Ŷ = 1 | A)   TPR P(Ŷ = 1 | Y = 1, A)   FPR P(Ŷ = 1 | Y = 0, A)
 *
 *   demographic parity = largest − smallest selection rate
 *   equal opportunity  = largest − smallest TPR
 *   equalized odds     = the larger of the gaps in TPR and in FPR
 * Over judged groups only; a rate that is not defined (no such truth in the group) is left out; fewer
 * than two groups have no gap: 0. Source: Hardt, Price & Srebro (2016).
 */

export interface BinaryDecisions {
  readonly labels: Uint8Array
  readonly scores: Float64Array
  readonly threshold: number
}

/** How decisions are spread over the groups of each column that the policy names. */
export function measureFairness(
  decisions: BinaryDecisions,
  part: FramePartRows,
  policy: EvaluationPolicy,
): Fairness[] {
  return (policy.fairness?.groups ?? []).flatMap((column) => {
    const values = part.kept[column]
    if (values === undefined) return []
    const groups = formGroups(values).map((group) => ({
      ...ratesOf(group, decisions),
      judged: group.rows >= policy.minSliceRows,
    }))
    const judged = groups.filter((group) => group.judged)
    const truePositiveGap = gap(judged.map((group) => group.truePositiveRate))
    return [
      {
        column,
        groups,
        demographicParity: gap(judged.map((group) => group.selectionRate)),
        equalOpportunity: truePositiveGap,
        equalizedOdds: Math.max(
          truePositiveGap,
          gap(judged.map((group) => group.falsePositiveRate)),
        ),
      },
    ]
  })
}

function ratesOf(group: Group, { labels, scores, threshold }: BinaryDecisions) {
  let selected = 0
  let positives = 0
  let truePositives = 0
  for (let row = 0; row < labels.length; row++) {
    if (group.counts[row] === 0) continue
    const yes = (scores[row] ?? 0) >= threshold ? 1 : 0
    const positive = labels[row] ?? 0
    selected += yes
    positives += positive
    truePositives += yes * positive
  }
  const negatives = group.rows - positives
  return {
    value: group.value,
    rows: group.rows,
    selectionRate: selected / group.rows,
    truePositiveRate: positives === 0 ? null : truePositives / positives,
    falsePositiveRate: negatives === 0 ? null : (selected - truePositives) / negatives,
  }
}

function gap(rates: readonly (number | null)[]): number {
  const known = rates.filter((rate) => rate !== null)
  return known.length < 2 ? 0 : Math.max(...known) - Math.min(...known)
}
