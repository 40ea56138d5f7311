export { type PlanTuningOptions, planTuning, type TuningPlan } from './plan-tuning.ts'
export { tuneCandidate } from './tune-candidate.ts'
export { TUNING_REASONS, type TuningReason } from './tuning-reasons.ts'
