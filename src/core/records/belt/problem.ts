import { z } from 'zod'
import { metricsSchema, reasonSchema, timeSchema } from './common.ts'

/** What a policy without a model would earn on the validation rows. */
export const policyValueSchema = z.strictObject({
  policy: z.enum(['never', 'always', 'simple-rule', 'perfect']),
  description: z.string(),
  valuePerDecision: z.number(),
  valuePerMonth: z.number(),
})
export type PolicyValue = z.output<typeof policyValueSchema>

/** Stage 1's go or no-go, checked against the data. */
export const feasibilitySchema = z.strictObject({
  id: z.string(),
  outcome: z.enum(['go', 'no-go']),
  reasons: z.array(reasonSchema),
  rows: z.number().int(),
  classShares: metricsSchema,
  newestRow: timeSchema.nullable(),
  policies: z.array(policyValueSchema),
  roi: z
    .strictObject({
      currency: z.string(),
      /** Gain over the best policy without a model: none, and at most a perfect model's. */
      perfectGainPerMonth: z.number(),
      /** Assumed share of the perfect gain that a model reaches. */
      assumedShare: z.number(),
      expectedGainPerMonth: z.number(),
      costs: z.strictObject({ build: z.number(), runPerMonth: z.number() }),
      horizonMonths: z.number(),
      expectedReturn: z.number(),
      paybackMonths: z.number().nullable(),
      assumptions: z.array(z.string()),
    })
    .nullable(),
})
export type Feasibility = z.output<typeof feasibilitySchema>
