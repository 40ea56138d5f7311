import type { EstimatorName, ProblemType } from '../../core/records/index.ts'

const CLASSIFIERS: readonly EstimatorName[] = [
  'baseline',
  'simple-rule',
  'logistic-regression',
  'svm',
  'random-forest',
  'xgboost',
  'voting',
  'custom',
]

/** Which estimators can learn which type of problem. */
export const FITTING_ESTIMATORS: Readonly<Record<ProblemType, readonly EstimatorName[]>> = {
  'binary-classification': CLASSIFIERS,
  'multiclass-classification': CLASSIFIERS,
  regression: CLASSIFIERS.map((estimator) =>
    estimator === 'logistic-regression' ? 'linear-regression' : estimator,
  ),
  clustering: ['k-means', 'custom'],
}

/**
 * The estimators that every other one is measured against. Clustering has none: the answer that looks
 * at nothing is a single cluster, and no measure of clusters is defined for it.
 */
export function referenceEstimators(type: ProblemType): readonly EstimatorName[] {
  return type === 'clustering' ? [] : ['baseline', 'simple-rule']
}
