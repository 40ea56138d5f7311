export { STAGES, type Stage } from './model-stages.ts'
export { type PromotionRule, promotionRuleSchema } from './promotion-rule.ts'
