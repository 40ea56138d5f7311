import { z } from 'zod'
import { STAGES } from '../../../core/registry/index.ts'
import { environmentSchema, nameSchema, tagsSchema, timeMsSchema } from './paging.ts'

export const aliasNameSchema = z.string().min(1).max(250)
export const reasonSchema = z.string().min(1).max(2_000)

export const versionSchema = z.object({
  model: z.string(),
  project: z.string(),
  version: z.number().int(),
  createdAtMs: timeMsSchema,
  updatedAtMs: timeMsSchema,
  description: z.string(),
  user: z.string(),
  stage: z.enum(STAGES).describe("MLflow's word; `environments` says where it stands"),
  source: z.string(),
  artifactUri: z.string(),
  runId: z.string().nullable(),
  modelId: z.string().nullable(),
  status: z.enum(['PENDING_REGISTRATION', 'READY', 'FAILED_REGISTRATION']),
  statusMessage: z.string().nullable(),
  tags: tagsSchema,
  aliases: z.array(z.string()),
  recordId: z.string().nullable().describe("The belt's record with signature and lineage"),
  environments: z.array(environmentSchema),
  retiredAtMs: timeMsSchema.nullable(),
})

export const modelSchema = z.object({
  name: z.string(),
  project: z.string(),
  description: z.string(),
  createdAtMs: timeMsSchema,
  updatedAtMs: timeMsSchema,
  tags: tagsSchema,
  aliases: z.array(z.object({ alias: z.string(), version: z.number().int() })),
  latestVersions: z.array(versionSchema),
})

export const newModelSchema = z.strictObject({
  name: nameSchema,
  project: nameSchema.optional().describe("The caller's default project when absent"),
  description: z.string().max(20_000).optional(),
  tags: tagsSchema.optional(),
})

export const newVersionSchema = z.strictObject({
  loggedModelId: z.string().max(64).optional(),
  runId: z.string().max(64).optional(),
  path: z.string().max(1_000).optional().describe("Below the run's artifacts"),
  description: z.string().max(20_000).optional(),
  tags: tagsSchema.optional(),
})

export const descriptionChangeSchema = z.strictObject({ description: z.string().max(20_000) })
