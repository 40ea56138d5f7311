import type { DeploymentPolicy } from '../../../../core/records/index.ts'

export type ProbingPolicy = NonNullable<DeploymentPolicy['probing']>

/** What one caller sent in a window. */
export interface WindowFigures {
  /** Rows that were looked at, repeated ones included. */
  readonly rows: number
  /** Rows that were not among the recent ones; what the shares are of. */
  readonly newRows: number
  /** New rows that differ from a recent one in exactly one input. */
  readonly neighbours: number
  /** New rows with a value outside the training ranges or categories. */
  readonly strange: number
  /** Estimated, with an error of about 2 %. */
  readonly distinctRows: number
}

/**
 * Which bounds the window breaks, in words; none while it has too few rows to judge.
 *
 * Sources. Rows that differ in one input: finding a decision boundary by line search and probing
 * features one at a time are how the attacks of Tramèr et al. 2016 ("Stealing Machine Learning
 * Models via Prediction APIs", §4) extract models. Judging a caller by its sequence of queries, not
 * by single ones, follows Juuti et al. 2019 ("PRADA: Protecting Against DNN Model Stealing
 * Attacks"), which looks at distances between queries: synthetic ones are unnaturally regular.
 */
export function judgeWindow(figures: WindowFigures, policy: ProbingPolicy): readonly string[] {
  const { newRows, neighbours, strange, distinctRows } = figures
  const reasons: string[] = []
  const { minRows, maxDistinctRows } = policy
  if (newRows >= minRows) {
    if (neighbours > policy.maxNeighbourShare * newRows) {
      const share = percent(neighbours / newRows)
      reasons.push(`${share} of the rows differ from another in one input only`)
    }
    if (strange > policy.maxStrangeShare * newRows) {
      reasons.push(`${percent(strange / newRows)} of the rows lie outside the training data`)
    }
  }
  if (maxDistinctRows !== undefined && distinctRows > maxDistinctRows) {
    reasons.push(`about ${Math.round(distinctRows)} different rows were asked for`)
  }
  return reasons
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
