import { z } from 'zod'
import { columnSchema, shareSchema } from './common.ts'
import { METRICS } from './vocabulary.ts'

export const evaluationSchema = z.strictObject({
  /** `max-value` and `max-f1` are chosen on the validation rows; or a fixed probability. */
  threshold: z.union([z.enum(['max-value', 'max-f1']), shareSchema]).default('max-value'),
  slices: z.array(columnSchema).default([]),
  /** Groups smaller than this are reported, never judged. */
  minSliceRows: z.number().int().min(1).default(200),
  fairness: z.strictObject({ groups: z.array(columnSchema).min(1) }).optional(),
  bootstrap: z
    .strictObject({
      resamples: z.number().int().min(50).max(10_000).default(300),
      confidence: z.number().min(0.5).max(0.999).default(0.95),
    })
    .prefault({}),
  robustness: z
    .strictObject({
      /** Noise in standard deviations of each number. */
      noise: z.number().nonnegative().default(0.1),
      /** Share of cells blanked, and of texts replaced by one never seen. */
      corruption: shareSchema.default(0.1),
      rows: z.number().int().positive().default(5_000),
    })
    .prefault({}),
  latency: z
    .strictObject({
      requests: z.number().int().min(100).default(2_000),
      warmup: z.number().int().min(0).default(200),
    })
    .prefault({}),
})

const criterionCommon = {
  name: z.string().optional(),
  /** A failed `warn` criterion is shown but does not make the verdict NO. */
  level: z.enum(['must', 'warn']).default('must'),
}

export const criterionSchema = z.discriminatedUnion('kind', [
  /** A metric of the test rows against a bound; with `useInterval` its cautious end. */
  z.strictObject({
    kind: z.literal('absolute'),
    metric: z.enum(METRICS),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
    useInterval: z.boolean().default(false),
    ...criterionCommon,
  }),
  /** Better than the naive baseline or the simple rule by at least `margin`. */
  z.strictObject({
    kind: z.literal('baseline'),
    metric: z.enum(METRICS),
    against: z.enum(['baseline', 'simple-rule']).default('baseline'),
    margin: z.number().default(0),
    ...criterionCommon,
  }),
  /**
   * Against the production champion on the same rows, by a paired bootstrap: `superior` needs the
   * whole interval of the difference above `margin`, `not-inferior` above `-margin`. Passes when
   * there is no champion yet.
   */
  z.strictObject({
    kind: z.literal('champion'),
    metric: z.enum(METRICS),
    test: z.enum(['superior', 'not-inferior']).default('not-inferior'),
    margin: z.number().nonnegative().default(0),
    confidence: z.number().min(0.5).max(0.999).default(0.95),
    ...criterionCommon,
  }),
  z.strictObject({
    kind: z.literal('latency'),
    percentile: z.enum(['p50', 'p95', 'p99']).default('p99'),
    atMostMs: z.number().positive(),
    ...criterionCommon,
  }),
  z.strictObject({ kind: z.literal('size'), atMostMb: z.number().positive(), ...criterionCommon }),
  /** Largest gap between judged groups of a column. */
  z.strictObject({
    kind: z.literal('fairness'),
    column: columnSchema,
    measure: z
      .enum(['demographic-parity', 'equal-opportunity', 'equalized-odds'])
      .default('equal-opportunity'),
    atMost: z.number().nonnegative(),
    ...criterionCommon,
  }),
  /** The worst judged slice of a column. */
  z.strictObject({
    kind: z.literal('slice'),
    column: columnSchema,
    metric: z.enum(METRICS),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
    ...criterionCommon,
  }),
  /** Loss of the metric under noise, missing and unseen values, relative to the clean rows. */
  z.strictObject({
    kind: z.literal('robustness'),
    metric: z.enum(METRICS),
    maxRelativeLoss: z.number().nonnegative(),
    ...criterionCommon,
  }),
])

export const gateSchema = z.strictObject({ criteria: z.array(criterionSchema).min(1) })
