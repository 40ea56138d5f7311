import { z } from 'zod'
import type { Operations } from '../operation.ts'
import {
  accountSchema,
  auditEntrySchema,
  auditHeadSchema,
  madeTokenSchema,
  newAccountSchema,
  newTokenSchema,
  roleSchema,
  tokenSchema,
  verificationSchema,
} from '../schemas/access.ts'
import { listOf, nameSchema, pageOf, pageQuery } from '../schemas/paging.ts'

const account = z.object({ account: nameSchema })
const projectRole = z.object({ project: nameSchema, account: nameSchema })

export const ACCESS_OPERATIONS = {
  'accounts.list': {
    method: 'GET',
    path: '/accounts',
    summary: 'Users and service accounts with their roles',
    permission: 'server:admin',
    response: listOf(accountSchema),
  },
  'accounts.create': {
    method: 'POST',
    path: '/accounts',
    summary: 'Create a user or a service account',
    permission: 'server:admin',
    body: newAccountSchema,
    response: accountSchema,
    idempotent: true,
  },
  'accounts.disable': {
    method: 'POST',
    path: '/accounts/{account}/disable',
    summary: 'Lock an account out; its history stays',
    permission: 'server:admin',
    params: account,
  },
  'roles.grant': {
    method: 'PUT',
    path: '/projects/{project}/roles/{account}',
    summary: 'Give an account a role in a project (`*`: in all of them)',
    permission: 'projects:admin',
    params: projectRole,
    body: z.strictObject({ role: roleSchema }),
  },
  'roles.revoke': {
    method: 'DELETE',
    path: '/projects/{project}/roles/{account}',
    summary: "Take an account's role in a project away",
    permission: 'projects:admin',
    params: projectRole,
  },
  'tokens.list': {
    method: 'GET',
    path: '/tokens',
    summary: "The caller's tokens; with `account`, another account's",
    permission: 'anyone',
    query: z.object({ account: nameSchema.optional() }),
    response: listOf(tokenSchema),
  },
  'tokens.create': {
    method: 'POST',
    path: '/tokens',
    summary: 'Make an API token; its secret is shown this once',
    permission: 'anyone',
    body: newTokenSchema,
    response: madeTokenSchema,
    status: 201,
  },
  'tokens.revoke': {
    method: 'DELETE',
    path: '/tokens/{tokenId}',
    summary: 'Make a token worthless at once',
    permission: 'anyone',
    params: z.object({ tokenId: nameSchema }),
  },
  'audit.list': {
    method: 'GET',
    path: '/audit',
    summary: 'Entries of the audit trail, oldest first',
    permission: 'audit:read',
    query: z.object({
      ...pageQuery,
      project: nameSchema
        .optional()
        .describe('All, for an administrator of the server, when absent'),
      actor: nameSchema.optional(),
      action: nameSchema.optional(),
      subject: z.string().max(1_000).optional(),
      outcome: z.enum(['done', 'refused']).optional(),
    }),
    response: pageOf(auditEntrySchema),
  },
  'audit.head': {
    method: 'GET',
    path: '/audit/head',
    summary: 'Length and newest hash of the audit trail',
    permission: 'server:admin',
    response: auditHeadSchema,
  },
  'audit.verify': {
    method: 'GET',
    path: '/audit/verification',
    summary: 'Walk the whole chain and look for tampering',
    permission: 'server:admin',
    query: z.object({ expectHead: z.string().length(64).optional() }),
    response: verificationSchema,
  },
} as const satisfies Operations
