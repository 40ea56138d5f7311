export { selectionErrors } from './errors.ts'
export type { SelectionFacts } from './propose-candidates.ts'
export { defaultRankingMetric, searchMetric } from './ranking-metric.ts'
export {
  type SelectedCandidates,
  type SelectionRequest,
  selectCandidates,
} from './select-candidates.ts'
