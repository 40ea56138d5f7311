import { z } from 'zod'
import { LOGGED_MODEL_STATUSES, RUN_STATUSES } from '../../../core/tracking/index.ts'
import { nameSchema, tagsSchema, timeMsSchema } from './paging.ts'

const lifecycleSchema = z.enum(['active', 'deleted'])
/** JSON has no NaN and no infinities; they travel as texts. */
export const metricValueSchema = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])

export const experimentSchema = z.object({
  id: z.string(),
  name: z.string(),
  project: z.string(),
  artifactLocation: z.string(),
  lifecycle: lifecycleSchema,
  createdAtMs: timeMsSchema,
  updatedAtMs: timeMsSchema,
  tags: tagsSchema,
})

export const newExperimentSchema = z.strictObject({
  name: nameSchema,
  project: nameSchema.optional().describe("The caller's default project when absent"),
  tags: tagsSchema.optional(),
})

export const experimentChangeSchema = z.strictObject({
  name: nameSchema.optional(),
  tags: tagsSchema.optional().describe('Set; tags that are not named stay'),
})

export const metricPointSchema = z.object({
  key: z.string().min(1).max(250),
  value: metricValueSchema,
  timestampMs: timeMsSchema,
  step: z.number().int(),
})

export const parameterSchema = z.object({
  key: z.string().min(1).max(250),
  value: z.string().max(6_000),
})

export const runSchema = z.object({
  id: z.string(),
  name: z.string(),
  experimentId: z.string(),
  project: z.string(),
  user: z.string(),
  status: z.enum(RUN_STATUSES),
  lifecycle: lifecycleSchema,
  startedAtMs: timeMsSchema,
  endedAtMs: timeMsSchema.nullable(),
  artifactUri: z.string(),
  metrics: z.array(metricPointSchema),
  parameters: z.array(parameterSchema),
  tags: tagsSchema,
})

export const newRunSchema = z.strictObject({
  experimentId: z.string().min(1).max(40),
  name: z.string().max(250).optional(),
  startedAtMs: timeMsSchema.optional(),
  tags: tagsSchema.optional(),
})

export const runChangeSchema = z.strictObject({
  name: nameSchema.optional(),
  status: z.enum(RUN_STATUSES).optional(),
  endedAtMs: timeMsSchema.optional(),
})

export const logBatchSchema = z.strictObject({
  metrics: z
    .array(
      z.strictObject({
        key: z.string().min(1).max(250),
        value: metricValueSchema,
        timestampMs: timeMsSchema.optional().describe('Now when absent'),
        step: z.number().int().default(0),
      }),
    )
    .max(1_000)
    .default([]),
  parameters: z.array(z.strictObject(parameterSchema.shape)).max(100).default([]),
  tags: tagsSchema.default({}),
})

export const loggedModelSchema = z.object({
  id: z.string(),
  name: z.string(),
  experimentId: z.string(),
  project: z.string(),
  createdAtMs: timeMsSchema,
  updatedAtMs: timeMsSchema,
  artifactUri: z.string(),
  status: z.enum(LOGGED_MODEL_STATUSES),
  lifecycle: lifecycleSchema,
  modelType: z.string(),
  sourceRunId: z.string().nullable(),
  tags: tagsSchema,
  parameters: z.array(parameterSchema),
  metrics: z.array(metricPointSchema.extend({ runId: z.string() })),
})
