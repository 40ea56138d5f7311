export { type JudgeRetrainingOptions, judgeRetraining } from './judge-retraining.ts'
export { RETRAINING_REASONS, type RetrainingReason } from './retraining-reasons.ts'
