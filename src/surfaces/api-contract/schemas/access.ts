import { z } from 'zod'
import { PERMISSION_NAMES, ROLES } from '../../../core/access/index.ts'
import { nameSchema, timeMsSchema } from './paging.ts'

export const roleSchema = z.enum(ROLES)
export const permissionSchema = z.enum(PERMISSION_NAMES)

export const principalSchema = z.object({
  kind: z.enum(['local', 'user', 'service-account']),
  name: z.string(),
  defaultProject: z.string(),
  readableProjects: z.union([z.literal('all'), z.array(z.string())]),
})

export const accountSchema = z.object({
  kind: z.enum(['user', 'service-account']),
  name: z.string(),
  isDisabled: z.boolean(),
  login: z.enum(['password', 'provider', 'tokens']).describe('How it logs in'),
  createdAtMs: timeMsSchema,
  roles: z.array(
    z.object({
      project: z.string().describe('`*` is all projects'),
      role: roleSchema,
      source: z.string().describe('`granted` here, or given by the login provider'),
    }),
  ),
})

export const newAccountSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('user'),
    name: nameSchema,
    password: z.string().min(10).max(1_000),
  }),
  z.strictObject({ kind: z.literal('service-account'), name: nameSchema }),
])

const scopeShape = {
  permissions: z.array(permissionSchema).nullable().describe('Null: all that the account may'),
  project: z.string().nullable(),
  endpoints: z.array(z.string()).nullable(),
}

export const tokenSchema = z.object({
  id: z.string(),
  account: z.string(),
  name: z.string().describe('What it is for'),
  scope: z.object(scopeShape),
  createdAtMs: timeMsSchema,
  expiresAtMs: timeMsSchema.nullable(),
  lastUsedAtMs: timeMsSchema.nullable().describe('To the minute'),
  revokedAtMs: timeMsSchema.nullable(),
})

export const newTokenSchema = z.strictObject({
  account: nameSchema.optional().describe("The caller's own account when absent"),
  name: nameSchema.describe('What it is for'),
  scope: z.strictObject(scopeShape).partial().optional(),
  expiresInDays: z.number().int().min(1).max(3_650).default(90),
})

/** The only time that the secret is shown. */
export const madeTokenSchema = tokenSchema.extend({ text: z.string() })

export const auditEntrySchema = z.object({
  sequence: z.number().int(),
  atMs: timeMsSchema,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  project: z.string(),
  outcome: z.enum(['done', 'refused']),
  before: z.string().nullable(),
  after: z.string().nullable(),
  reason: z.string().nullable(),
  from: z.string(),
  previousHash: z.string(),
  hash: z.string(),
})

export const auditHeadSchema = z.object({
  count: z.number().int().describe('Entries in the chain'),
  hash: z.string().describe('Of the newest entry; keep it elsewhere to detect a rewritten chain'),
})

export const verificationSchema = z.object({
  ok: z.boolean(),
  entries: z.number().int(),
  head: auditHeadSchema,
  firstBroken: z.object({ sequence: z.number().int(), reason: z.string() }).optional(),
})
