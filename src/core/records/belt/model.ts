import { z } from 'zod'
import {
  candidateSchema,
  ESTIMATORS,
  PROBLEM_TYPES,
  preparationSchema,
  splitSchema,
  trainingSchema,
} from '../project/index.ts'
import { artifactRefSchema, digestSchema, metricsSchema, reasonSchema } from './common.ts'
import { inputColumnSchema } from './data.ts'

/** What a model accepts and gives; stands beside the ONNX file and travels with it. */
export const modelSignatureSchema = z.strictObject({
  schemaVersion: z.literal(1),
  problemType: z.enum(PROBLEM_TYPES),
  /** In the order of the model's tensors: all numbers, then all texts. */
  inputs: z.array(
    inputColumnSchema.extend({
      /** Training range of a number, null for texts and empty columns. */
      range: z.tuple([z.number(), z.number()]).nullable(),
      /** Known categories of a text, null for numbers. */
      categories: z.array(z.string()).nullable(),
    }),
  ),
  /** Class labels in the order of the probability columns; empty for other problems. */
  classes: z.array(z.string()),
  positiveClass: z.string().nullable(),
  tensors: z.strictObject({
    /** float32 [rows, numbers]; null when there is none. A missing number is NaN. */
    numeric: z.string().nullable(),
    /** string [rows, texts]; a missing text is "". */
    categorical: z.string().nullable(),
    /** Probabilities [rows, classes], values [rows, 1], or cluster numbers [rows]. */
    output: z.string(),
  }),
})
export type ModelSignature = z.output<typeof modelSignatureSchema>

/** Stage 5: which candidates compete, and why. */
export const selectionSchema = z.strictObject({
  proposed: z.boolean(),
  candidates: z.array(
    z.strictObject({
      name: z.string(),
      estimator: z.enum(ESTIMATORS),
      reasons: z.array(reasonSchema),
    }),
  ),
  excluded: z.array(
    z.strictObject({ estimator: z.enum(ESTIMATORS), reasons: z.array(reasonSchema) }),
  ),
})
export type Selection = z.output<typeof selectionSchema>

/** Stage 6: one fit of one candidate. */
export const runSchema = z.strictObject({
  id: z.string(),
  candidate: z.string(),
  estimator: z.enum(ESTIMATORS),
  parameters: z.record(z.string(), z.unknown()),
  seed: z.number().int(),
  frame: z.string(),
  trainingRows: z.number().int(),
  dataDigests: z.record(z.string(), digestSchema),
  /** Metrics of each cross-validation fold, by the worker. */
  folds: z.array(z.strictObject({ rows: z.number().int(), metrics: metricsSchema })),
  crossValidation: metricsSchema,
  model: artifactRefSchema,
  signature: modelSignatureSchema,
  /** ONNX against the fitted original on validation rows, by the serving engine. */
  parity: z.strictObject({ rows: z.number().int(), maxAbsoluteDifference: z.number() }),
  code: z.strictObject({
    esteira: z.string(),
    workerDigest: digestSchema,
    gitCommit: z.string().nullable(),
  }),
  packages: z.record(z.string(), z.string()),
  hardware: z.strictObject({ cpu: z.string(), cores: z.number().int(), memoryMb: z.number() }),
  durationMs: z.number(),
  peakMemoryMb: z.number(),
  notes: z.array(z.string()),
})
export type Run = z.output<typeof runSchema>

/** What a run was asked to do, in full: enough, with its frame, to do it again. */
export const runRecipeSchema = z.strictObject({
  candidate: candidateSchema,
  members: z.array(candidateSchema),
  preparation: preparationSchema,
  split: splitSchema,
  training: trainingSchema,
})
export type RunRecipe = z.output<typeof runRecipeSchema>

/** A candidate that could not be trained; the belt goes on with the others. */
export const failedRunSchema = z.strictObject({
  candidate: z.string(),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
})
export type FailedRun = z.output<typeof failedRunSchema>

/** Stage 9: a search over one candidate's parameters. */
export const tuningResultSchema = z.strictObject({
  id: z.string(),
  candidate: z.string(),
  round: z.number().int(),
  method: z.enum(['grid', 'random', 'bayesian']),
  metric: z.string(),
  /** The metric that ranks the candidates, where the search had to stand in another for it. */
  insteadOf: z.string().optional(),
  /** The failing criteria that sent the belt here. */
  because: z.array(z.string()),
  trials: z.array(
    z.strictObject({
      number: z.number().int(),
      parameters: z.record(z.string(), z.unknown()),
      value: z.number().nullable(),
      state: z.enum(['complete', 'failed', 'pruned']),
      durationMs: z.number(),
    }),
  ),
  best: z
    .strictObject({ parameters: z.record(z.string(), z.unknown()), value: z.number() })
    .nullable(),
  stopped: z.enum(['trials', 'time', 'exhausted']),
})
export type TuningResult = z.output<typeof tuningResultSchema>
