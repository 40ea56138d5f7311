import { z } from 'zod'

export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/)
/** ISO 8601 in UTC. */
export const timeSchema = z.string()

/** An artifact by content: where it came from does not matter, its digest does. */
export const artifactRefSchema = z.strictObject({
  digest: digestSchema,
  bytes: z.number().int().nonnegative(),
  /** File name to show and to save as. */
  name: z.string(),
})
export type ArtifactRef = z.output<typeof artifactRefSchema>

/**
 * One reason of a decision. `code` and `values` let every surface say it in the reader's language;
 * `message` is the English sentence.
 */
export const reasonSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  values: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .default({}),
})
export type Reason = z.output<typeof reasonSchema>

/** A number with its bootstrap interval. */
export const estimateSchema = z.strictObject({
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
})
export type Estimate = z.output<typeof estimateSchema>

/** Metrics by name; a metric that is not defined on the data (one class only) is absent. */
export const metricsSchema = z.record(z.string(), z.number())
export type Metrics = z.output<typeof metricsSchema>
