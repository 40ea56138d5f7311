import { z } from 'zod'
import { promotionRuleSchema } from '../../../core/registry/index.ts'
import { environmentSchema, nameSchema, timeMsSchema } from './paging.ts'
import { reasonSchema, versionSchema } from './registry.ts'

const evidenceSchema = z.object({
  run: z.string().nullable(),
  evaluation: z.string().nullable(),
  verdict: z.string().nullable(),
  outcome: z.enum(['yes', 'no']).nullable().describe('What the gate said; null: it was not asked'),
  request: z.string().nullable(),
  approvals: z.array(z.object({ by: z.string(), atMs: timeMsSchema, reason: z.string() })),
})

export const registryEventSchema = z.object({
  id: z.string(),
  atMs: timeMsSchema,
  model: z.string(),
  project: z.string(),
  subject: z.enum(['alias', 'environment', 'stage', 'version', 'model']),
  place: z.string().describe('The alias, environment or stage'),
  action: z.string(),
  version: z.number().int().nullable(),
  previous: z.number().int().nullable(),
  by: z.string(),
  from: z.string(),
  reason: z.string(),
  evidence: evidenceSchema,
})

/** What stood somewhere at a moment; all null when nothing did. */
export const standingSchema = z.object({
  version: z.number().int().nullable(),
  event: registryEventSchema
    .nullable()
    .describe('Who put it there, who approved, on which evidence'),
  details: versionSchema.nullable().describe('As it is known today; null when deleted since'),
})

export const promotionSchema = z.strictObject({
  version: z.number().int().min(1),
  reason: reasonSchema,
})

export const ruleInForceSchema = z.object({
  rule: promotionRuleSchema,
  origin: z.enum(['model', 'project', 'default']),
})

export const ruleChangeSchema = z.strictObject({
  rule: promotionRuleSchema
    .partial()
    .nullable()
    .describe('Missing fields take their defaults; null ends the rule'),
  reason: reasonSchema,
})

export const approvalRequestSchema = z.object({
  id: z.string(),
  model: z.string(),
  project: z.string(),
  version: z.number().int(),
  environment: environmentSchema,
  requestedBy: z.string(),
  requestedAtMs: timeMsSchema,
  expiresAtMs: timeMsSchema,
  reason: z.string(),
  state: z.enum(['open', 'approved', 'rejected', 'expired', 'used']),
  needed: z.number().int(),
  decisions: z.array(
    z.object({
      by: z.string(),
      decision: z.enum(['approve', 'reject']),
      reason: z.string(),
      atMs: timeMsSchema,
    }),
  ),
})

export const newApprovalRequestSchema = z.strictObject({
  model: nameSchema,
  version: z.number().int().min(1),
  environment: environmentSchema,
  reason: reasonSchema,
})

export const decisionSchema = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  reason: reasonSchema,
})

export const cardRevisionSchema = z.object({
  revision: z.number().int(),
  text: z.string().describe('Markdown'),
  author: z.string(),
  reason: z.string(),
  atMs: timeMsSchema,
})

export const cardEditSchema = z.strictObject({
  text: z.string().max(100_000),
  reason: reasonSchema,
  after: z.number().int().min(0).describe('The revision that was read; 0 when there was none'),
})
