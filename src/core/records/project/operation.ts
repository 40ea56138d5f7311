import { z } from 'zod'
import { columnSchema, durationSchema, nameSchema, shareSchema } from './common.ts'
import { METRICS } from './vocabulary.ts'

/** All traffic at once after warm-up; the old revision stays warm for an instant way back. */
export const blueGreenSchema = z.strictObject({ kind: z.literal('blue-green') })

/** Bounds that a new revision keeps against the stable one in the same span. */
const boundsSchema = z.strictObject({
  /** Share of failed requests it may have above the stable revision. */
  maxErrorRateIncrease: shareSchema.default(0.01),
  /** Of its p95 latency to the stable revision's. */
  maxLatencyRatio: z.number().min(1).default(2),
  minRequests: z.number().int().min(1).default(100),
})

/** What an A/B run measures on the first decision of each key, once its label is known. */
const AB_METRICS = ['valuePerDecision', 'accuracy', 'conversion', 'label', 'absoluteError'] as const
export type AbMetric = (typeof AB_METRICS)[number]

/** Two arms side by side, each key always in the same one, until the difference is known. */
export const abTestSchema = z.strictObject({
  kind: z.literal('ab-test'),
  /** What the stable revision and the new one are called in the exposure log and in reports. */
  arms: z
    .strictObject({
      control: nameSchema.default('control'),
      treatment: nameSchema.default('treatment'),
    })
    .prefault({}),
  /** What keeps its arm: a column that callers send, or the request's `parameters.key`. */
  key: z.union([z.strictObject({ column: columnSchema }), z.literal('parameters.key')]),
  metric: z.enum(AB_METRICS),
  /** Which way is good; `absoluteError` is better lower, everything else higher. */
  better: z.enum(['higher', 'lower']).optional(),
  /** Share of keys that meet the new revision. */
  share: z.number().gt(0).lt(1).default(0.5),
  /** Labelled keys that each arm needs before anything but a guard rail ends the run. */
  minSamples: z.number().int().min(10).default(100),
  /** Chance of calling a difference where there is none, however often one looks. */
  alpha: z.number().gt(0).max(0.5).default(0.05),
  /** The least gain worth having, in the metric's unit; below it the run ends as futile. */
  minEffect: z.number().nonnegative().default(0),
  /** Bounds that end the run at once when broken. */
  guardRails: boundsSchema.prefault({}),
  /** Without a winner by then, the stable revision stays. */
  maxDuration: durationSchema.default('30d'),
})

/** Steps of traffic in percent, each kept for `bake`, then judged. */
export const canarySchema = boundsSchema.extend({
  kind: z.literal('canary'),
  steps: z.array(z.number().min(1).max(100)).min(1).default([10, 50]),
  bake: durationSchema.default('1h'),
  /** How much value a decision may fall behind stable before rolling back. */
  maxValueLossPerDecision: z.number().nonnegative().optional(),
  /** Population stability index between both revisions' predictions in the same window. */
  maxPredictionDrift: z.number().positive().optional(),
  /** How much a metric of labelled predictions may be worse than on the stable revision. */
  quality: z
    .strictObject({ metric: z.enum(METRICS), maxLoss: z.number().nonnegative() })
    .optional(),
  /** What follows the last step when every bound was kept; all traffic when absent. */
  next: abTestSchema.optional(),
})

/** Requests are answered by the stable revision and shown to the new one afterwards. */
export const shadowSchema = boundsSchema.extend({
  kind: z.literal('shadow'),
  /** Share of requests that are mirrored. */
  share: z.number().gt(0).max(1).default(1),
  minRequests: z.number().int().min(1).default(1_000),
  /** Mean absolute difference of the predictions (positive probability or value). */
  maxPredictionDifference: z.number().nonnegative().optional(),
  /** Share of rows that the new revision decides in another way. */
  maxChangedDecisions: shareSchema.optional(),
  /** Requests that wait to be mirrored; more are dropped, and counted. */
  maxQueued: z.number().int().min(1).max(100_000).default(256),
  /** Mirrored requests under way at once. */
  concurrency: z.number().int().min(1).max(16).default(1),
  /** Without enough requests by then it ends without a verdict. */
  maxDuration: durationSchema.default('30d'),
  /** What follows when every bound was kept. */
  next: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('report') }),
      blueGreenSchema,
      canarySchema,
    ])
    .default({ kind: 'report' }),
})

export const strategySchema = z.discriminatedUnion('kind', [
  blueGreenSchema,
  canarySchema,
  abTestSchema,
  shadowSchema,
])

/** What one process takes on; beyond it callers are told when to come back. */
const limitsSchema = z.strictObject({
  /** Requests under way at once; more get 503. */
  maxInFlight: z.number().int().min(1).max(100_000).default(256),
  /** How long a request may take when its caller names no deadline; late ones get 504. */
  deadline: durationSchema.default('10s'),
  /** Requests of one caller (token or address); more get 429. */
  perCaller: z
    .strictObject({
      requestsPerSecond: z.number().positive(),
      /** Requests that may come at once. */
      burst: z.number().int().min(1).optional(),
    })
    .optional(),
})

/** What is kept of answers; without it nothing can be watched, judged or labelled. */
const predictionLogSchema = z.strictObject({
  keep: z.enum(['all', 'none']).default('all'),
  /** `process`: an answered prediction survives a killed process; `disk`: also a loss of power. */
  durability: z.enum(['process', 'disk']).default('process'),
})

/** When a caller's questions look like an attempt to copy the model or to find its boundary. */
const probingSchema = z.strictObject({
  window: durationSchema.default('10m'),
  /** Rows of one caller in a window before it is judged; a repeated row counts once. */
  minRows: z.number().int().min(10).default(200),
  /** Share of rows that differ from a recent one in a single input; judged from three inputs on. */
  maxNeighbourShare: shareSchema.default(0.5),
  /** Share of rows outside the training ranges or categories. */
  maxStrangeShare: shareSchema.default(0.5),
  /** Different rows of one caller in a window. */
  maxDistinctRows: z.number().int().min(1).optional(),
  /** Tell the audit trail only, or also refuse the caller until the window has passed. */
  action: z.enum(['report', 'refuse']).default('report'),
})

export const deploymentSchema = z.strictObject({
  /** Name in the address `/v2/models/{endpoint}/infer`; the project's name when absent. */
  endpoint: nameSchema.optional(),
  strategy: strategySchema.default({ kind: 'blue-green' }),
  /** What a missing or stale online feature becomes; `default` is the view's own default. */
  missingFeatures: z.enum(['null', 'default', 'error']).default('null'),
  /** How the online store is asked. */
  featureStore: z
    .strictObject({
      /** How long a request waits for its features. */
      deadline: durationSchema.default('50ms'),
      /** What is used when the store fails or is late: the newest value seen here, defaults, or a refusal. */
      onFailure: z.enum(['last-value', 'default', 'error']).default('error'),
    })
    .prefault({}),
  /**
   * A number far outside the training range: answer and flag it, or refuse it; `clip` pulls every
   * number outside the range to its end, and flags it.
   */
  outOfRange: z.enum(['flag', 'clip', 'reject']).default('flag'),
  /** A text that training did not see often enough to know: answer and flag it, or refuse it. */
  unknownCategory: z.enum(['flag', 'reject']).default('flag'),
  /** Rows of one request, and of one call of the model. */
  maxBatchRows: z.number().int().min(1).max(100_000).default(1_000),
  /** How long a request may wait for others to share a call of the model; 0 waits for none. */
  batchDelay: durationSchema.default(0),
  limits: limitsSchema.prefault({}),
  predictionLog: predictionLogSchema.prefault({}),
  probing: probingSchema.optional(),
})

export const monitoringSchema = z.strictObject({
  /** Length of one window. */
  window: durationSchema.default('7d'),
  drift: z
    .strictObject({
      /** Population stability index; 0.1 small, 0.25 large by common convention. */
      warn: z.number().positive().default(0.1),
      alert: z.number().positive().default(0.25),
    })
    .prefault({}),
  /** Windows with fewer predictions are stored, never judged. */
  minRows: z.number().int().min(1).default(200),
})

const triggerCommon = { name: z.string().optional() }

export const triggerSchema = z.discriminatedUnion('on', [
  /** A metric of labelled predictions fell behind the test evaluation by more than this. */
  z.strictObject({
    on: z.literal('performance'),
    metric: z.enum(METRICS),
    maxLoss: z.number().nonnegative(),
    /** In this many windows running. */
    windows: z.number().int().min(1).default(1),
    ...triggerCommon,
  }),
  /** This many inputs (or the prediction itself) drift beyond the alert bound. */
  z.strictObject({
    on: z.literal('data-drift'),
    minInputs: z.number().int().min(1).default(1),
    windows: z.number().int().min(1).default(1),
    ...triggerCommon,
  }),
  /** What the model says and what comes true part: calibration gap in labelled windows. */
  z.strictObject({
    on: z.literal('concept-drift'),
    maxCalibrationGap: z.number().positive().default(0.05),
    windows: z.number().int().min(1).default(1),
    ...triggerCommon,
  }),
  z.strictObject({ on: z.literal('schedule'), every: durationSchema, ...triggerCommon }),
])

export const retrainingSchema = z.strictObject({
  triggers: z.array(triggerSchema).default([]),
  /** Least time between two retrainings. */
  cooldown: durationSchema.default('7d'),
  /** Train the champion's recipe again, or let all candidates compete. */
  mode: z.enum(['champion', 'all']).default('champion'),
})

/** Replays history against the gateway as if it were traffic. */
export const replaySchema = z.strictObject({
  from: z.string(),
  until: z.string(),
  /** Requests under way at once. */
  concurrency: z.number().int().min(1).max(256).default(16),
})
