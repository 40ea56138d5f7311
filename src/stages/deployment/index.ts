export { beganAnew, beginStepAnew, CLOCKS_DIFFER_MS } from './begin-step-anew.ts'
export { type Challenger, challengerOf } from './challenger.ts'
export { type ChosenRevision, chooseRevision, isMirrored } from './choose-revision.ts'
export { describeRollout, type RolloutDescription } from './describe-rollout.ts'
export { endpointName, endpointStateName } from './endpoint-name.ts'
export { deploymentErrors } from './errors.ts'
export { abortRollout, type FinishRolloutOptions, promoteRollout } from './finish-rollout.ts'
export { type JudgeRolloutOptions, judgeRollout } from './judge-rollout.ts'
export { comparePredictions, type PredictionDrift } from './prediction-drift.ts'
export type {
  AbEvidence,
  RevisionEvidence,
  RolloutEvidence,
  ShadowEvidence,
} from './revision-evidence.ts'
export { type RollBackEndpointOptions, rollBackEndpoint } from './roll-back-endpoint.ts'
export { ROLLOUT_REASONS, type RolloutReason } from './rollout-reasons.ts'
export { askedFor, type RolloutStep } from './rollout-step.ts'
export { type StartRolloutOptions, startRollout } from './start-rollout.ts'
