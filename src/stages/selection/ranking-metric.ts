import type { MetricName, Problem, ProblemType } from '../../core/records/index.ts'

const METRIC_OF_TYPE: Readonly<Record<ProblemType, MetricName>> = {
  'binary-classification': 'logLoss',
  'multiclass-classification': 'logLoss',
  regression: 'rmse',
  clustering: 'silhouette',
}

/**
 * The metric that ranks candidates when the project names none: money where the problem says what a
 * decision is worth, else log loss, RMSE or silhouette.
 */
export function defaultRankingMetric(problem: Pick<Problem, 'type' | 'value'>): MetricName {
  return problem.value === undefined ? METRIC_OF_TYPE[problem.type] : 'valuePerDecision'
}

/**
 * The metric that a worker can measure in place of one that depends on what only the platform knows.
 * Money of a classification depends on the threshold, which is chosen after training: probabilities
 * with the least log loss leave the most to choose from. Money of a regression falls with MAE.
 */
export function searchMetric(metric: MetricName, type: ProblemType): MetricName {
  if (metric !== 'valuePerDecision') return metric
  return type === 'regression' ? 'mae' : METRIC_OF_TYPE[type]
}
