/** Closed lists of the project file: type, validator and command-line choices come from one array. */

export const PROBLEM_TYPES = [
  'binary-classification',
  'multiclass-classification',
  'regression',
  'clustering',
] as const
export type ProblemType = (typeof PROBLEM_TYPES)[number]

/** Every number an evaluation can hold, by its name in gates, monitors and reports. */
export const METRICS = [
  'accuracy',
  'balancedAccuracy',
  'precision',
  'recall',
  'f1',
  'rocAuc',
  'prAuc',
  'logLoss',
  'brier',
  'calibrationError',
  'rmse',
  'mae',
  'r2',
  'silhouette',
  'inertia',
  'valuePerDecision',
] as const
export type MetricName = (typeof METRICS)[number]

/** Metrics where a smaller number is better. */
export const LOWER_IS_BETTER: readonly MetricName[] = [
  'logLoss',
  'brier',
  'calibrationError',
  'rmse',
  'mae',
  'inertia',
]

export const ESTIMATORS = [
  'baseline',
  'simple-rule',
  'logistic-regression',
  'linear-regression',
  'svm',
  'random-forest',
  'xgboost',
  'voting',
  'k-means',
  'custom',
] as const
export type EstimatorName = (typeof ESTIMATORS)[number]

export const SEVERITIES = ['low', 'medium', 'high'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Where a version stands on its way to users. */
export const ENVIRONMENTS = ['development', 'staging', 'production'] as const
export type Environment = (typeof ENVIRONMENTS)[number]
