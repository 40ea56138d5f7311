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
  clustering: ['baseline', 'k-means', 'custom'],
}

/** The estimators that every other one is measured against. */
export function referenceEstimators(type: ProblemType): readonly EstimatorName[] {
  return type === 'clustering' ? ['baseline'] : ['baseline', 'simple-rule']
}
