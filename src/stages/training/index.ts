export { buildFitRequest, type FitRequestOptions } from './build-fit-request.ts'
export { trainingErrors } from './errors.ts'
export {
  type ReproduceOptions,
  type Reproduction,
  type RunDifference,
  reproduceRun,
} from './reproduce-run.ts'
export { resolveMembers } from './resolve-members.ts'
export { type TrainOptions, trainCandidate } from './train-candidate.ts'
