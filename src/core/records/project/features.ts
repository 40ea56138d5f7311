import { z } from 'zod'
import { columnSchema, durationSchema } from './common.ts'

export const entitySchema = z.strictObject({
  description: z.string().optional(),
  /** Columns that together name one entity; the same names stand in views and in requests. */
  keys: z.array(columnSchema).min(1),
})

export const featureViewSchema = z.strictObject({
  description: z.string().optional(),
  owner: z.string().optional(),
  entity: z.string(),
  /** DuckDB SQL over the sources: the entity's keys, the event time, and the features. */
  sql: z.string().min(1),
  /** When the fact happened. */
  eventTime: columnSchema,
  /** How long after its event time a value is still used. */
  timeToLive: durationSchema.optional(),
  /** How long after its event time a value can first be seen. */
  availabilityDelay: durationSchema.default(0),
  /** Names of the features; all other columns when absent. */
  features: z.array(columnSchema).optional(),
  online: z.boolean().default(true),
  /** By feature: what serving uses where the policy asks for a default. */
  defaults: z.record(columnSchema, z.union([z.number(), z.string()])).default({}),
})
