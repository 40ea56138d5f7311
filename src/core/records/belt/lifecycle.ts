import { z } from 'zod'
import { abTestSchema, canarySchema, ENVIRONMENTS, shadowSchema } from '../project/index.ts'
import {
  artifactRefSchema,
  digestSchema,
  metricsSchema,
  reasonSchema,
  timeSchema,
} from './common.ts'
import { lineageSchema } from './data.ts'
import { modelSignatureSchema } from './model.ts'

/** How the training rows were spread; monitors compare what comes in with it. */
export const referenceSchema = z.strictObject({
  inputs: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('number'),
        name: z.string(),
        /** Inner edges of the bins; bin i holds edges[i-1] < x ≤ edges[i]. */
        edges: z.array(z.number()),
        shares: z.array(z.number()),
        missingShare: z.number(),
      }),
      z.strictObject({
        kind: z.literal('text'),
        name: z.string(),
        categories: z.array(z.string()),
        shares: z.array(z.number()),
        /** Share of rows in no listed category. */
        otherShare: z.number(),
        missingShare: z.number(),
      }),
    ]),
  ),
  /** The prediction: positive probability, value, or predicted class. Same shapes. */
  prediction: z
    .strictObject({ edges: z.array(z.number()), shares: z.array(z.number()) })
    .nullable(),
  rows: z.number().int(),
})
export type Reference = z.output<typeof referenceSchema>

/** Stage 10: an immutable version of a model. */
export const modelVersionSchema = z.strictObject({
  id: z.string(),
  model: z.string(),
  version: z.number().int().positive(),
  artifact: artifactRefSchema,
  signature: modelSignatureSchema,
  /** Probability from which the answer is "yes"; null when not binary. */
  threshold: z.number().nullable(),
  lineage: lineageSchema,
  /** Test metrics by name, for monitors and comparisons. */
  metrics: metricsSchema,
  /** For `retraining.mode: 'champion'`: the recipe of the run. */
  candidate: z.strictObject({
    name: z.string(),
    estimator: z.string(),
    parameters: z.record(z.string(), z.unknown()),
  }),
  reference: referenceSchema,
  card: artifactRefSchema,
  asOf: timeSchema.nullable(),
  createdAt: timeSchema,
})
export type ModelVersion = z.output<typeof modelVersionSchema>

/** Append-only: which version stood in which environment from when on, by whom, why. */
export const environmentChangeSchema = z.strictObject({
  id: z.string(),
  model: z.string(),
  environment: z.enum(ENVIRONMENTS),
  version: z.number().int().nullable(),
  previous: z.number().int().nullable(),
  action: z.enum(['promote', 'rollback', 'retire']),
  by: z.string(),
  reason: z.string(),
  /** Simulated or real time of the change. */
  at: timeSchema,
})
export type EnvironmentChange = z.output<typeof environmentChangeSchema>

export const ROLLOUT_STATES = ['stable', 'canary', 'ab-test', 'shadow'] as const

const trialParts = {
  version: z.number().int(),
  since: timeSchema,
}

/** A version beside the stable one by other means than a canary; its rules are fixed at its start. */
export const trialSchema = z.discriminatedUnion('kind', [
  /** `id` salts the assignment of keys, and names the run in the exposure log. */
  z.strictObject({
    kind: z.literal('ab-test'),
    id: z.string(),
    ...trialParts,
    strategy: abTestSchema,
  }),
  z.strictObject({ kind: z.literal('shadow'), ...trialParts, strategy: shadowSchema }),
])
export type Trial = z.output<typeof trialSchema>
export type AbTrial = Extract<Trial, { kind: 'ab-test' }>
export type ShadowTrial = Extract<Trial, { kind: 'shadow' }>

/** Stage 11: what an endpoint serves now. Mutable state, changed by compare-and-set. */
export const endpointStateSchema = z.strictObject({
  endpoint: z.string(),
  model: z.string(),
  state: z.enum(ROLLOUT_STATES),
  /** Version that answers, and the one before it, kept warm for the way back. */
  stable: z.number().int(),
  previous: z.number().int().nullable(),
  canary: z
    .strictObject({
      version: z.number().int(),
      /** Index into the declared steps, and its percent of traffic. */
      step: z.number().int(),
      percent: z.number(),
      since: timeSchema,
      /** Its rules, when they are not those of the project file. */
      strategy: canarySchema.optional(),
    })
    .nullable(),
  /** An A/B run or a shadow; never beside a canary. */
  trial: trialSchema.nullable().optional(),
  updatedAt: timeSchema,
})
export type EndpointState = z.output<typeof endpointStateSchema>

export const rolloutDecisionSchema = z.strictObject({
  id: z.string(),
  endpoint: z.string(),
  action: z.enum([
    'switch',
    'start-canary',
    'start-ab-test',
    'start-shadow',
    'advance',
    'complete',
    'roll-back',
    'close',
    'wait',
  ]),
  version: z.number().int(),
  percent: z.number(),
  reasons: z.array(reasonSchema),
  at: timeSchema,
})
export type RolloutDecision = z.output<typeof rolloutDecisionSchema>

export const REVISION_ROLES = ['stable', 'canary', 'control', 'treatment'] as const

/** Stage 12: one answered prediction. `inputs` is what the model saw, features included. */
export const predictionEntrySchema = z.strictObject({
  id: z.string(),
  endpoint: z.string(),
  version: z.number().int(),
  role: z.enum(REVISION_ROLES),
  /** When it was asked, in milliseconds; the request's own time in a replay. */
  timeMs: z.number(),
  inputs: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  /** Probabilities by class, or the value, or the cluster. */
  output: z.array(z.number()),
  /** Positive-class answer after the threshold; null when not binary. */
  decision: z.boolean().nullable(),
  latencyUs: z.number(),
  flags: z.array(z.string()),
})
export type PredictionEntry = z.output<typeof predictionEntrySchema>

/** A key that met an arm of an A/B run for the first time, with the prediction it was given. */
export const exposureEntrySchema = z.strictObject({
  endpoint: z.string(),
  /** The run's id. */
  test: z.string(),
  key: z.string(),
  arm: z.enum(['control', 'treatment']),
  version: z.number().int(),
  prediction: z.string(),
  timeMs: z.number(),
})
export type ExposureEntry = z.output<typeof exposureEntrySchema>

/** What became of mirrored requests: one row compared, or requests that failed or were dropped. */
export const mirrorEntrySchema = z.strictObject({
  endpoint: z.string(),
  /** The shadow's version. */
  version: z.number().int(),
  /** Of the prediction, `<request>` when it failed. */
  id: z.string(),
  timeMs: z.number(),
  outcome: z.enum(['compared', 'failed', 'dropped']),
  /** How many it stands for: rows are compared one by one. */
  count: z.number().int(),
  /** Mean absolute difference over the output's numbers; null unless compared. */
  difference: z.number().nullable(),
  /** Whether the decision (or the likeliest class) is another; null when nothing is decided. */
  changed: z.boolean().nullable(),
  stableLatencyUs: z.number().nullable(),
  latencyUs: z.number().nullable(),
  error: z.string().nullable(),
})
export type MirrorEntry = z.output<typeof mirrorEntrySchema>

export const labelEntrySchema = z.strictObject({
  id: z.string(),
  /** Class label as text, or the number as text. */
  label: z.string(),
  /** When the label became known, in milliseconds. */
  timeMs: z.number(),
})
export type LabelEntry = z.output<typeof labelEntrySchema>

export const driftSchema = z.strictObject({
  input: z.string(),
  psi: z.number(),
  missingShare: z.number(),
  referenceMissingShare: z.number(),
  level: z.enum(['none', 'warn', 'alert']),
})
export type Drift = z.output<typeof driftSchema>

/** One window of watching an endpoint. */
export const monitorWindowSchema = z.strictObject({
  id: z.string(),
  endpoint: z.string(),
  /** The version the figures speak of (the stable one). */
  version: z.number().int(),
  from: timeSchema,
  to: timeSchema,
  predictions: z.number().int(),
  judged: z.boolean(),
  drift: z.array(driftSchema),
  predictionDrift: driftSchema.nullable(),
  labels: z.number().int(),
  /** Labels that are no class of the model, or no number; they enter no metric. */
  unusableLabels: z.number().int().optional(),
  /** Metrics over the labelled predictions; absent when not defined. */
  metrics: metricsSchema,
  valuePerDecision: z.number().nullable(),
  /** Mean predicted positive probability less the observed share. */
  calibrationGap: z.number().nullable(),
  latency: z.strictObject({ p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number() }).nullable(),
  /** Predictions a second over the span in which they came (wall-clock time of the gateway). */
  throughputPerSecond: z.number().nullable(),
  flagged: z.number().int(),
  errors: z.number().int(),
  resources: z.strictObject({ residentMemoryMb: z.number(), cpuSeconds: z.number() }).nullable(),
  /** By version, when a canary ran beside the stable one. */
  byVersion: z.record(
    z.string(),
    z.strictObject({
      predictions: z.number().int(),
      labels: z.number().int(),
      metrics: metricsSchema,
    }),
  ),
})
export type MonitorWindow = z.output<typeof monitorWindowSchema>

/** Stage 13: keep watching, or retrain. */
export const retrainingDecisionSchema = z.strictObject({
  id: z.string(),
  endpoint: z.string(),
  version: z.number().int(),
  window: z.string(),
  outcome: z.enum(['keep', 'retrain']),
  triggers: z.array(
    z.strictObject({
      name: z.string(),
      on: z.string(),
      fired: z.boolean(),
      reason: reasonSchema,
    }),
  ),
  reasons: z.array(reasonSchema),
  at: timeSchema,
})
export type RetrainingDecision = z.output<typeof retrainingDecisionSchema>

/** What came of a retraining. */
export const retrainingOutcomeSchema = z.strictObject({
  id: z.string(),
  decision: z.string(),
  challenger: z.number().int().nullable(),
  verdict: z.string().nullable(),
  result: z.enum(['rollout-started', 'champion-kept', 'failed']),
  reasons: z.array(reasonSchema),
  at: timeSchema,
})
export type RetrainingOutcome = z.output<typeof retrainingOutcomeSchema>

export const stepRecordSchema = z.strictObject({
  /** Digest of everything the step depends on. */
  key: digestSchema,
  stage: z.string(),
  name: z.string(),
  output: z.unknown(),
  durationMs: z.number(),
  finishedAt: timeSchema,
})
export type StepRecord = z.output<typeof stepRecordSchema>
