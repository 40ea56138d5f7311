import { z } from 'zod'
import type { Environment } from '../../../core/records/index.ts'
import { type PromotionRule, promotionRuleSchema } from '../../../core/registry/index.ts'
import { governanceErrors } from './errors.ts'

export {
  type PromotionRule,
  promotionRuleSchema,
} from '../../../core/registry/index.ts'

const DAY_MS = 86_400_000

const OPEN_RULE: PromotionRule = {
  previousEnvironment: 'judged',
  verdict: 'never',
  approvals: 0,
  approvalsUnjudged: 0,
  waivedWithoutLogins: true,
  fourEyes: true,
  approverRole: 'approver',
  approvalsLastMs: 7 * DAY_MS,
}

/** What holds where nobody has set a rule. */
export const DEFAULT_RULES: Readonly<Record<Environment, PromotionRule>> = {
  development: OPEN_RULE,
  staging: OPEN_RULE,
  production: { ...OPEN_RULE, verdict: 'judged', approvalsUnjudged: 1 },
}

/** A whole rule from what somebody gave of it. @throws PROMOTION_RULE_INVALID */
export function completeRule(environment: Environment, parts: unknown): PromotionRule {
  const parsed = promotionRuleSchema.partial().safeParse(parts)
  if (!parsed.success) {
    throw governanceErrors.PROMOTION_RULE_INVALID({ reason: z.prettifyError(parsed.error) })
  }
  const given = Object.fromEntries(
    Object.entries(parsed.data).filter(([, value]) => value !== undefined),
  )
  return promotionRuleSchema.parse({ ...DEFAULT_RULES[environment], ...given })
}
