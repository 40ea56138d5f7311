import { type Evaluation, LOWER_IS_BETTER, type MetricName } from '../../core/records/index.ts'

/**
 * Evaluations of candidates on the same rows, the best first. One for which the metric is not defined
 * comes last; equals stand in the order of their names, so that a ranking never depends on timing.
 */
export function rankCandidates(
  evaluations: readonly Evaluation[],
  metric: MetricName,
): Evaluation[] {
  const sign = LOWER_IS_BETTER.includes(metric) ? -1 : 1
  const merit = ({ metrics }: Evaluation) => {
    const value = metrics[metric]?.value
    return value === undefined ? Number.NEGATIVE_INFINITY : sign * value
  }
  return [...evaluations].sort((a, b) => {
    const difference = merit(b) - merit(a)
    // Two that are both undefined differ by NaN.
    if (difference > 0 || difference < 0) return difference
    return a.candidate < b.candidate ? -1 : a.candidate > b.candidate ? 1 : 0
  })
}
