import { z } from 'zod'
import { artifactRefSchema, estimateSchema, metricsSchema, reasonSchema } from './common.ts'

export const sliceSchema = z.strictObject({
  column: z.string(),
  value: z.string(),
  rows: z.number().int(),
  /** False when there are too few rows to judge. */
  judged: z.boolean(),
  metrics: metricsSchema,
})
export type Slice = z.output<typeof sliceSchema>

export const fairnessSchema = z.strictObject({
  column: z.string(),
  groups: z.array(
    z.strictObject({
      value: z.string(),
      rows: z.number().int(),
      judged: z.boolean(),
      selectionRate: z.number(),
      truePositiveRate: z.number().nullable(),
      falsePositiveRate: z.number().nullable(),
    }),
  ),
  /** Largest gap between judged groups. */
  demographicParity: z.number(),
  equalOpportunity: z.number(),
  equalizedOdds: z.number(),
})
export type Fairness = z.output<typeof fairnessSchema>

export const latencySchema = z.strictObject({
  /** One row a call, through the serving engine, in milliseconds. */
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  requestsPerSecond: z.number(),
  /** Rows a second in batches of 1,000. */
  batchRowsPerSecond: z.number(),
  sizeBytes: z.number().int(),
  /** Growth of resident memory by loading and running the model. */
  memoryMb: z.number(),
})
export type Latency = z.output<typeof latencySchema>

/** Points of the curves that a report draws; at most a few hundred each. */
export const curvesSchema = z.strictObject({
  roc: z.array(z.tuple([z.number(), z.number()])),
  precisionRecall: z.array(z.tuple([z.number(), z.number()])),
  calibration: z.array(
    z.strictObject({ predicted: z.number(), observed: z.number(), rows: z.number().int() }),
  ),
  /** [threshold, money per decision] on the validation rows. */
  value: z.array(z.tuple([z.number(), z.number()])),
})
export type Curves = z.output<typeof curvesSchema>

/** Stage 7: the served artifact, judged on rows it has never seen. */
export const evaluationSchema = z.strictObject({
  id: z.string(),
  run: z.string(),
  candidate: z.string(),
  part: z.enum(['validation', 'test']),
  rows: z.number().int(),
  threshold: z.number().nullable(),
  metrics: z.record(z.string(), estimateSchema),
  confusion: z.array(z.array(z.number().int())),
  value: z
    .strictObject({ currency: z.string(), perDecision: estimateSchema, perMonth: z.number() })
    .nullable(),
  curves: curvesSchema.nullable(),
  slices: z.array(sliceSchema),
  fairness: z.array(fairnessSchema),
  robustness: z.array(
    z.strictObject({
      attack: z.enum(['noise', 'missing', 'unseen']),
      metric: z.string(),
      clean: z.number(),
      corrupted: z.number(),
      relativeLoss: z.number(),
    }),
  ),
  latency: latencySchema.nullable(),
  /** Fall of the ranking metric when one input is shuffled. */
  importance: z.array(z.strictObject({ input: z.string(), loss: z.number() })),
  /** Parquet of id, target, prediction of every row, for paired tests. */
  predictions: artifactRefSchema,
})
export type Evaluation = z.output<typeof evaluationSchema>

export const criterionResultSchema = z.strictObject({
  name: z.string(),
  kind: z.string(),
  level: z.enum(['must', 'warn']),
  outcome: z.enum(['passed', 'failed', 'not-applicable']),
  /** What was demanded, in words: `≥ 0.70`. */
  bound: z.string(),
  /** What was measured, in words. */
  measured: z.string(),
  reason: reasonSchema,
})
export type CriterionResult = z.output<typeof criterionResultSchema>

/** Stage 8: the gate's yes or no, with every criterion. */
export const verdictSchema = z.strictObject({
  id: z.string(),
  outcome: z.enum(['yes', 'no']),
  candidate: z.string(),
  evaluation: z.string(),
  champion: z.string().nullable(),
  policyDigest: z.string(),
  criteria: z.array(criterionResultSchema),
  reasons: z.array(reasonSchema),
})
export type Verdict = z.output<typeof verdictSchema>
