import type { EstimatorName } from '../../../core/records/index.ts'
import type { CandidateInput } from './input-types.ts'

/** Options of most candidates; the name is the estimator's when absent. */
export type CandidateOptions = Partial<Omit<CandidateInput, 'estimator' | 'members' | 'file'>>
/** A voting ensemble names its members: other candidates of the project. */
export type VotingOptions = CandidateOptions & { readonly members: string[] }
/** A custom candidate names a Python file with `build(parameters, context)`. */
export type CustomOptions = CandidateOptions & { readonly file: string }

function candidate<O extends CandidateOptions>(estimator: EstimatorName, options: O) {
  return { name: estimator, estimator, ...options }
}

/**
 * The naive answer: the class shares, the mean, or one cluster. It competes in every project, named
 * or not.
 *
 * @example
 * baseline({ why: 'What do we gain over doing nothing?' })
 */
export function baseline(options: CandidateOptions = {}): CandidateInput {
  return candidate('baseline', options)
}

/**
 * A rule on a single input that a person could follow. It competes in every project, named or not.
 *
 * @example
 * simpleRule()
 */
export function simpleRule(options: CandidateOptions = {}): CandidateInput {
  return candidate('simple-rule', options)
}

/**
 * Logistic regression, for classification.
 *
 * @example
 * logisticRegression({ parameters: { C: 0.1 } })
 */
export function logisticRegression(options: CandidateOptions = {}): CandidateInput {
  return candidate('logistic-regression', options)
}

/**
 * Linear regression with a small ridge penalty, for regression.
 *
 * @example
 * linearRegression({ parameters: { alpha: 1 } })
 */
export function linearRegression(options: CandidateOptions = {}): CandidateInput {
  return candidate('linear-regression', options)
}

/**
 * Support vector machine, for classification and regression.
 *
 * @example
 * svm({ parameters: { C: 1 } })
 */
export function svm(options: CandidateOptions = {}): CandidateInput {
  return candidate('svm', options)
}

/**
 * Random forest, for classification and regression.
 *
 * @example
 * randomForest({ parameters: { n_estimators: 200, min_samples_leaf: 20 } })
 */
export function randomForest(options: CandidateOptions = {}): CandidateInput {
  return candidate('random-forest', options)
}

/**
 * Gradient-boosted trees, for classification and regression. `searchSpace` is what tuning may try.
 *
 * @example
 * xgboost({
 *   parameters: { n_estimators: 300, max_depth: 6 },
 *   searchSpace: { learning_rate: { from: 0.01, to: 0.3, log: true }, max_depth: [4, 6, 8] },
 * })
 */
export function xgboost(options: CandidateOptions = {}): CandidateInput {
  return candidate('xgboost', options)
}

/**
 * The mean answer of other candidates, by their names.
 *
 * @example
 * voting({ members: ['logistic-regression', 'xgboost'] })
 */
export function voting(options: VotingOptions): CandidateInput {
  return candidate('voting', options)
}

/**
 * k-means, for clustering.
 *
 * @example
 * kMeans({ parameters: { n_clusters: 5 } })
 */
export function kMeans(options: CandidateOptions = {}): CandidateInput {
  return candidate('k-means', options)
}

/**
 * The team's own estimator: a Python file, relative to the project file, whose
 * `build(parameters, context)` returns a scikit-learn estimator.
 *
 * @example
 * custom({ name: 'stacked', file: 'stacked.py' })
 */
export function custom(options: CustomOptions): CandidateInput {
  return candidate('custom', options)
}
