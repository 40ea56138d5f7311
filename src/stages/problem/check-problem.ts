import type { MetricName, Problem, ProblemType, Project } from '../../core/records/index.ts'
import { problemErrors } from './errors.ts'

const CLASSIFICATION: readonly MetricName[] = [
  'accuracy',
  'balancedAccuracy',
  'precision',
  'recall',
  'f1',
  'rocAuc',
  'logLoss',
  'valuePerDecision',
]

/** The metrics that each type of problem has. */
export const METRICS_OF_TYPE: Readonly<Record<ProblemType, readonly MetricName[]>> = {
  'binary-classification': [...CLASSIFICATION, 'prAuc', 'brier', 'calibrationError'],
  'multiclass-classification': CLASSIFICATION,
  regression: ['rmse', 'mae', 'r2', 'valuePerDecision'],
  clustering: ['silhouette', 'inertia'],
}

function expectedValue(problem: Problem): string | undefined {
  const value = problem.value
  if (value === undefined) return undefined
  switch (problem.type) {
    case 'binary-classification':
      return 'truePositive' in value
        ? undefined
        : 'truePositive, falsePositive, falseNegative, trueNegative'
    case 'multiclass-classification':
      return 'matrix' in value ? undefined : 'matrix'
    case 'regression':
      return 'perUnitOfError' in value ? undefined : 'perUnitOfError'
    case 'clustering':
      return 'no value: groups earn nothing by themselves'
  }
}

function namedMetrics(project: Project): { metric: MetricName; where: string }[] {
  const named: { metric: MetricName; where: string }[] = []
  project.problem.successMetrics.forEach((goal, i) => {
    named.push({ metric: goal.metric, where: `problem.successMetrics[${i}]` })
  })
  project.gate.criteria.forEach((criterion, i) => {
    if ('metric' in criterion) {
      named.push({ metric: criterion.metric, where: `gate.criteria[${i}]` })
    }
  })
  project.retraining.triggers.forEach((trigger, i) => {
    if (trigger.on === 'performance') {
      named.push({ metric: trigger.metric, where: `retraining.triggers[${i}]` })
    }
  })
  const ranking = project.training.metric
  if (ranking !== undefined) named.push({ metric: ranking, where: 'training.metric' })
  return named
}

/**
 * Whether the problem's parts fit together, before any data is read.
 * @throws PROBLEM_TARGET_MISSING, PROBLEM_VALUE_UNFIT, PROBLEM_METRIC_UNFIT
 */
export function checkProblem(project: Project): void {
  const { problem } = project
  if (problem.type !== 'clustering' && problem.target === undefined) {
    throw problemErrors.PROBLEM_TARGET_MISSING({ type: problem.type })
  }
  const expected = expectedValue(problem)
  if (expected !== undefined) {
    throw problemErrors.PROBLEM_VALUE_UNFIT({ type: problem.type, expected })
  }
  const fitting = METRICS_OF_TYPE[problem.type].filter(
    (metric) => metric !== 'valuePerDecision' || problem.value !== undefined,
  )
  for (const { metric, where } of namedMetrics(project)) {
    if (!fitting.includes(metric)) {
      throw problemErrors.PROBLEM_METRIC_UNFIT({
        metric,
        type: problem.type,
        where,
        fitting: fitting.join(', '),
      })
    }
  }
}
