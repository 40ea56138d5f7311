export { defaultRankingMetric } from '../selection/index.ts'
export { buildReference, type ReferenceOptions } from './build-reference.ts'
export {
  type ComparePairedOptions,
  type Contender,
  comparePaired,
  type PairedComparison,
  pairedComparisonSchema,
} from './compare-paired.ts'
export { evaluationErrors } from './errors.ts'
export { type EvaluateOptions, evaluateModel } from './evaluate-model.ts'
export { rankCandidates } from './rank-candidates.ts'
