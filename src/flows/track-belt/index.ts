export {
  type BeltTracking,
  candidateRunId,
  createBeltTracking,
  type TravelFacts,
} from './belt-tracking.ts'
export { followAliases } from './follow-aliases.ts'
export { type PublishedModel, publishModel } from './mlflow-model/publish-model.ts'
