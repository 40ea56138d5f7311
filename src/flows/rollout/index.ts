export {
  abortRolloutNow,
  promoteRolloutNow,
  type RolloutOutcome,
  type RolloutRequest,
  startRolloutNow,
} from './change-rollout.ts'
export { rolloutErrors } from './errors.ts'
export { type ErrorCounts, type EvidenceSources, gatherEvidence } from './gather-evidence.ts'
export { readStrategy } from './read-strategy.ts'
export { type RolloutStatus, rolloutDecisions, rolloutStatus } from './rollout-status.ts'
