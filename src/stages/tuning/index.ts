export { planTuning, type TuningPlan } from './plan-tuning.ts'
export { tuneCandidate } from './tune-candidate.ts'
export { TUNING_REASONS } from './tuning-reasons.ts'
