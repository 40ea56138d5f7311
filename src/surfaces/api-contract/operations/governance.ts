import { z } from 'zod'
import type { Operations } from '../operation.ts'
import {
  approvalRequestSchema,
  cardEditSchema,
  cardRevisionSchema,
  decisionSchema,
  newApprovalRequestSchema,
  promotionSchema,
  registryEventSchema,
  ruleChangeSchema,
  ruleInForceSchema,
  standingSchema,
} from '../schemas/governance.ts'
import { environmentSchema, listOf, nameSchema, timeMsSchema } from '../schemas/paging.ts'
import { aliasNameSchema, reasonSchema, versionSchema } from '../schemas/registry.ts'

const model = z.object({ model: nameSchema })
const place = model.extend({ environment: environmentSchema })
const version = model.extend({ version: z.coerce.number().int().min(1) })
const request = z.object({ request: nameSchema })
const atQuery = z.object({
  atMs: z.coerce.number().pipe(timeMsSchema).optional().describe('At this moment; now when absent'),
})

export const GOVERNANCE_OPERATIONS = {
  'environments.get': {
    method: 'GET',
    path: '/models/{model}/environments/{environment}',
    summary: 'What stands in an environment, or stood there at a moment, who put it there and why',
    permission: 'models:read',
    params: place,
    query: atQuery,
    response: standingSchema,
  },
  'environments.promote': {
    method: 'POST',
    path: '/models/{model}/environments/{environment}/promotions',
    summary: 'Put a version into an environment, by its rule',
    permission: 'models:promote',
    params: place,
    body: promotionSchema,
    response: registryEventSchema,
    idempotent: true,
  },
  'environments.rollBack': {
    method: 'POST',
    path: '/models/{model}/environments/{environment}/rollback',
    summary: 'Go back to the version before',
    permission: 'models:promote',
    params: place,
    body: z.strictObject({ reason: reasonSchema }),
    response: registryEventSchema,
    idempotent: true,
  },
  'environments.rule': {
    method: 'GET',
    path: '/models/{model}/environments/{environment}/rule',
    summary: 'What a promotion into an environment demands',
    permission: 'models:read',
    params: place,
    response: ruleInForceSchema,
  },
  'environments.setRule': {
    method: 'PUT',
    path: '/models/{model}/environments/{environment}/rule',
    summary: "Set a model's own rule for an environment",
    permission: 'projects:admin',
    params: place,
    body: ruleChangeSchema,
  },
  'projects.setRule': {
    method: 'PUT',
    path: '/projects/{project}/environments/{environment}/rule',
    summary: "Set a project's rule for an environment",
    permission: 'projects:admin',
    params: z.object({ project: nameSchema, environment: environmentSchema }),
    body: ruleChangeSchema,
  },
  'aliases.get': {
    method: 'GET',
    path: '/models/{model}/aliases/{alias}',
    summary: 'Which version an alias names, or named at a moment',
    permission: 'models:read',
    params: model.extend({ alias: aliasNameSchema }),
    query: atQuery,
    response: standingSchema,
  },
  'history.list': {
    method: 'GET',
    path: '/models/{model}/history',
    summary: 'Everything that happened to a model, newest first',
    permission: 'models:read',
    params: model,
    query: z.object({
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    response: listOf(registryEventSchema),
  },
  'approvals.list': {
    method: 'GET',
    path: '/approvals',
    summary: 'Requests for promotion, newest first',
    permission: 'anyone',
    query: z.object({
      model: nameSchema.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    response: listOf(approvalRequestSchema),
  },
  'approvals.create': {
    method: 'POST',
    path: '/approvals',
    summary: 'Ask for a promotion that others have to approve',
    permission: 'models:write',
    body: newApprovalRequestSchema,
    response: approvalRequestSchema,
    idempotent: true,
  },
  'approvals.get': {
    method: 'GET',
    path: '/approvals/{request}',
    summary: 'One request, and what was decided about it',
    permission: 'models:read',
    params: request,
    response: approvalRequestSchema,
  },
  'approvals.decide': {
    method: 'POST',
    path: '/approvals/{request}/decisions',
    summary: 'Approve or reject what somebody else asked for',
    permission: 'models:approve',
    params: request,
    body: decisionSchema,
    response: approvalRequestSchema,
  },
  'versions.retire': {
    method: 'POST',
    path: '/models/{model}/versions/{version}/retire',
    summary: 'Take a version out of use for good; refused while anything depends on it',
    permission: 'models:promote',
    params: version,
    body: z.strictObject({ reason: reasonSchema }),
    response: versionSchema,
  },
  'cards.get': {
    method: 'GET',
    path: '/models/{model}/versions/{version}/card',
    summary: 'The card: what was measured, and what people wrote, as one page of Markdown',
    permission: 'models:read',
    params: version,
    response: z.object({
      page: z.string(),
      facts: z.string().nullable().describe('Null for a version that no belt made or adopted'),
      revision: z.number().int().describe('Of what people wrote; 0 when nobody did'),
    }),
  },
  'cards.list': {
    method: 'GET',
    path: '/models/{model}/versions/{version}/card/revisions',
    summary: 'What people wrote about a version, newest revision first',
    permission: 'models:read',
    params: version,
    response: listOf(cardRevisionSchema),
  },
  'cards.edit': {
    method: 'POST',
    path: '/models/{model}/versions/{version}/card',
    summary: 'Write a new revision of the card; the generated facts stay',
    permission: 'models:write',
    params: version,
    body: cardEditSchema,
    response: cardRevisionSchema,
    idempotent: true,
  },
} as const satisfies Operations
