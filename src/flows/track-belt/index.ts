export { type BeltTracking, createBeltTracking } from './belt-tracking.ts'
export { followAliases } from './follow-aliases.ts'
export { publishModel } from './mlflow-model/publish-model.ts'
