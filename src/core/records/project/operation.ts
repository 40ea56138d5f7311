import { z } from 'zod'
import { durationSchema, nameSchema, shareSchema } from './common.ts'
import { METRICS } from './vocabulary.ts'

export const deploymentSchema = z.strictObject({
  /** Name in the address `/v2/models/{endpoint}/infer`; the project's name when absent. */
  endpoint: nameSchema.optional(),
  strategy: z
    .discriminatedUnion('kind', [
      /** All traffic at once after warm-up; the old revision stays warm for an instant way back. */
      z.strictObject({ kind: z.literal('blue-green') }),
      /** Steps of traffic in percent, each kept for `bake`, then judged. */
      z.strictObject({
        kind: z.literal('canary'),
        steps: z.array(z.number().min(1).max(100)).min(1).default([10, 50]),
        bake: durationSchema.default('1h'),
        /** Share of failed requests the canary may have above the stable revision. */
        maxErrorRateIncrease: shareSchema.default(0.01),
        maxLatencyRatio: z.number().min(1).default(2),
        /** How much value a decision (or `metric`) may fall behind stable before rolling back. */
        maxValueLossPerDecision: z.number().nonnegative().optional(),
        minRequests: z.number().int().min(1).default(100),
      }),
    ])
    .default({ kind: 'blue-green' }),
  /** What a missing or stale online feature becomes. */
  missingFeatures: z.enum(['null', 'error']).default('null'),
  /** A number far outside the training range: refuse, or answer and flag. */
  outOfRange: z.enum(['flag', 'reject']).default('flag'),
  maxBatchRows: z.number().int().min(1).max(100_000).default(1_000),
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
