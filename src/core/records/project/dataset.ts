import { z } from 'zod'
import {
  columnSchema,
  durationSchema,
  expressionSchema,
  instantSchema,
  shareSchema,
} from './common.ts'

export const splitSchema = z.discriminatedUnion('by', [
  /**
   * Old rows train, newer ones validate, the newest test. Boundaries are instants, or shares of the
   * rows in time order. A row whose label was not yet known at the boundary is dropped (`gap`).
   */
  z.strictObject({
    by: z.literal('time'),
    validationFrom: instantSchema.optional(),
    testFrom: instantSchema.optional(),
    validation: shareSchema.default(0.15),
    test: shareSchema.default(0.15),
    gap: durationSchema.default(0),
  }),
  z.strictObject({
    by: z.literal('random'),
    validation: shareSchema.default(0.15),
    test: shareSchema.default(0.15),
  }),
  /** Random, with the same share of each class (or of each value of `column`) in every part. */
  z.strictObject({
    by: z.literal('stratified'),
    column: columnSchema.optional(),
    validation: shareSchema.default(0.15),
    test: shareSchema.default(0.15),
  }),
  /** All rows of a group go to the same part. */
  z.strictObject({
    by: z.literal('group'),
    column: columnSchema,
    validation: shareSchema.default(0.15),
    test: shareSchema.default(0.15),
  }),
])

/** How numbers are made ready; fitted on the training rows, carried inside the model. */
const numericPreparation = z.strictObject({
  missing: z.enum(['median', 'mean', 'zero', 'keep']).default('median'),
  /** `clip` pulls values to the training quantiles `q` and `1 - q`. */
  outliers: z.enum(['keep', 'clip']).default('keep'),
  clipQuantile: z.number().min(0).max(0.25).default(0.005),
  scaling: z.enum(['none', 'standard', 'min-max', 'robust']).default('standard'),
})

const categoricalPreparation = z.strictObject({
  /** A missing text becomes a category of its own (`own`) or the most frequent one. */
  missing: z.enum(['own', 'most-frequent']).default('own'),
  encoding: z.enum(['one-hot', 'ordinal']).default('one-hot'),
  /** Categories with fewer training rows are treated like unseen ones. */
  minFrequency: z.number().int().min(1).default(20),
  maxCategories: z.number().int().min(2).default(200),
})

export const preparationSchema = z.strictObject({
  numeric: numericPreparation.prefault({}),
  categorical: categoricalPreparation.prefault({}),
})

const numberShape = numericPreparation.shape
const textShape = categoricalPreparation.shape

/** A candidate's changes to the dataset's preparation: what it does not name stays as it is. */
export const preparationOverrideSchema = z.strictObject({
  numeric: z
    .strictObject({
      missing: numberShape.missing.unwrap(),
      outliers: numberShape.outliers.unwrap(),
      clipQuantile: numberShape.clipQuantile.unwrap(),
      scaling: numberShape.scaling.unwrap(),
    })
    .partial()
    .optional(),
  categorical: z
    .strictObject({
      missing: textShape.missing.unwrap(),
      encoding: textShape.encoding.unwrap(),
      minFrequency: textShape.minFrequency.unwrap(),
      maxCategories: textShape.maxCategories.unwrap(),
    })
    .partial()
    .optional(),
})

export const datasetSchema = z.strictObject({
  /** DuckDB SQL over the sources by name: one row per decision. */
  sql: z.string().min(1),
  /** Column that identifies a row for ever; predictions and labels meet by it. */
  id: columnSchema,
  /** When the prediction is made: nothing known later may enter. */
  predictionTime: columnSchema.optional(),
  /** When the label becomes known. */
  labelTime: columnSchema.optional(),
  /** Columns of the dataset that the caller sends with a request and the model uses. */
  inputs: z.array(columnSchema).default([]),
  /** Features by `view` (all of it) or `view.feature`. */
  features: z.array(z.string()).default([]),
  /**
   * Inputs computed from inputs and features (`view__feature`), by the same expression in training
   * and for each request: `{ speed: 'distance / hours' }`. Callers do not send them.
   */
  onDemand: z.record(columnSchema, expressionSchema).default({}),
  /** Columns kept for slices and fairness but never shown to the model. */
  keep: z.array(columnSchema).default([]),
  split: splitSchema.default({ by: 'random', validation: 0.15, test: 0.15 }),
  preparation: preparationSchema.prefault({}),
  leakage: z
    .strictObject({
      /** A single column with at least this ROC AUC (regression: R²) gives the target away. */
      maxSingleColumnScore: shareSchema.default(0.98),
      /** Share of a part's rows that may stand, equal in every input, in another part too. */
      maxSharedRows: shareSchema.default(0.05),
    })
    .prefault({}),
})
