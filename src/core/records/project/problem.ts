import { z } from 'zod'
import { durationSchema, shareSchema } from './common.ts'
import { METRICS, PROBLEM_TYPES, SEVERITIES } from './vocabulary.ts'

const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as "USD" or "BRL"')

/** What it costs to build and to run the model; all in the value's currency. */
const costsSchema = z.strictObject({
  build: z.number().nonnegative().default(0),
  runPerMonth: z.number().nonnegative().default(0),
})

const valueCommon = {
  currency,
  decisionsPerMonth: z.number().positive(),
  costs: costsSchema.default({ build: 0, runPerMonth: 0 }),
  horizonMonths: z.number().int().positive().max(120).default(12),
}

/** What one decision is worth, by what was decided and what came true. Losses are negative. */
const binaryValueSchema = z.strictObject({
  ...valueCommon,
  truePositive: z.number(),
  falsePositive: z.number(),
  falseNegative: z.number(),
  trueNegative: z.number(),
})

/** `matrix[actual class][decided class]` is the money one decision earns. */
const multiclassValueSchema = z.strictObject({
  ...valueCommon,
  matrix: z.record(z.string(), z.record(z.string(), z.number())),
})

/** Each decision earns `perDecision` less `perUnitOfError` for each unit of absolute error. */
const regressionValueSchema = z.strictObject({
  ...valueCommon,
  perDecision: z.number().default(0),
  perUnitOfError: z.number().nonnegative(),
})

export const valueSchema = z.union([
  binaryValueSchema,
  multiclassValueSchema,
  regressionValueSchema,
])

export const problemSchema = z.strictObject({
  statement: z.string().min(10),
  type: z.enum(PROBLEM_TYPES),
  /** The dataset's column to predict; clustering has none. */
  target: z.string().optional(),
  /** The class that counts as "yes" in binary classification. */
  positiveClass: z.union([z.string(), z.number(), z.boolean()]).default(1),
  /** What is not tried, and for whom the answer is meant. */
  scope: z.string().optional(),
  stakeholders: z
    .array(
      z.strictObject({
        name: z.string(),
        role: z.string(),
        requirements: z.array(z.string()).default([]),
      }),
    )
    .default([]),
  successMetrics: z
    .array(
      z.strictObject({
        metric: z.enum(METRICS),
        atLeast: z.number().optional(),
        atMost: z.number().optional(),
        why: z.string().optional(),
      }),
    )
    .default([]),
  value: valueSchema.optional(),
  constraints: z
    .strictObject({
      latencyP99Ms: z.number().positive().optional(),
      modelSizeMb: z.number().positive().optional(),
      trainingTime: durationSchema.optional(),
      interpretability: z.enum(['none', 'preferred', 'required']).default('none'),
      budgetPerMonth: z.number().nonnegative().optional(),
      deadline: z.string().optional(),
    })
    .default({ interpretability: 'none' }),
  /** What the data must offer before it is worth training at all. */
  feasibility: z
    .strictObject({
      minRows: z.number().int().positive().default(1_000),
      minMinorityShare: shareSchema.default(0.005),
      minMinorityRows: z.number().int().nonnegative().default(100),
      maxDataAge: durationSchema.optional(),
      /** NO-GO when even a perfect model would not pay. */
      requirePositiveRoi: z.boolean().default(true),
    })
    .prefault({}),
  risks: z
    .array(
      z.strictObject({ risk: z.string(), mitigation: z.string(), severity: z.enum(SEVERITIES) }),
    )
    .default([]),
  ethics: z
    .strictObject({
      affected: z.string(),
      considerations: z.array(z.string()).default([]),
      sensitiveColumns: z.array(z.string()).default([]),
    })
    .optional(),
  regulation: z.array(z.string()).default([]),
})
