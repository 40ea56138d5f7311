import { z } from 'zod'

/** For which versions something is demanded: all, those that a gate has judged, none. */
const DEMANDS = ['always', 'judged', 'never'] as const
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
