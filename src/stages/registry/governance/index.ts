export { governanceErrors } from './errors.ts'
export { DEFAULT_RULES, type PromotionRule } from './promotion-rule.ts'
