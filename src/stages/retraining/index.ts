export { judgeRetraining } from './judge-retraining.ts'
export { RETRAINING_REASONS } from './retraining-reasons.ts'
