import { z } from 'zod'
import type { Environment } from '../../../core/records/index.ts'
import { governanceErrors } from './errors.ts'

/** For which versions something is demanded: all, those that a gate has judged, none. */
const DEMANDS = ['always', 'judged', 'never'] as const
const DAY_MS = 86_400_000
const MAX_APPROVALS = 10

export const APPROVER_ROLES = ['contributor', 'approver', 'admin'] as const

export const promotionRuleSchema = z.strictObject({
  /** It has to have come through the environment before. */
  previousEnvironment: z.enum(DEMANDS),
  /** The gate has to have said YES. It judges every version that a belt makes. */
  verdict: z.enum(DEMANDS),
  /** Approvals of versions that a gate has judged. */
  approvals: z.int().min(0).max(MAX_APPROVALS),
  /** Approvals of versions that no gate has judged, such as those that clients register. */
  approvalsUnjudged: z.int().min(0).max(MAX_APPROVALS),
  /** On a machine without logins a reason stands for the approvals: there is nobody else to ask. */
  waivedWithoutLogins: z.boolean(),
  /** Who approves has neither registered the version nor asked for the promotion. */
  fourEyes: z.boolean(),
  /** The least role that may approve. */
  approverRole: z.enum(APPROVER_ROLES),
  /** How long a request may be approved and used, in milliseconds. */
  approvalsLastMs: z.int().positive(),
})
export type PromotionRule = z.output<typeof promotionRuleSchema>

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
