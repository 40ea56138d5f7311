import { z } from 'zod'
import { durationSchema, nameSchema, shareSchema } from './common.ts'
import { preparationOverrideSchema } from './dataset.ts'
import { ESTIMATORS, METRICS } from './vocabulary.ts'

const parameterValue = z.union([z.number(), z.string(), z.boolean(), z.null()])

/** One parameter's room: a list, or a range (whole numbers with `integer`, decades with `log`). */
export const searchRangeSchema = z.union([
  z.array(parameterValue).min(1),
  z.strictObject({
    from: z.number(),
    to: z.number(),
    step: z.number().positive().optional(),
    log: z.boolean().default(false),
    integer: z.boolean().default(false),
  }),
])

export const candidateSchema = z.strictObject({
  name: nameSchema,
  estimator: z.enum(ESTIMATORS),
  parameters: z.record(z.string(), parameterValue).default({}),
  /** Names of other candidates; only for `voting`. */
  members: z.array(z.string()).optional(),
  /** Python file with `build(parameters, context)`; only for `custom`. */
  file: z.string().optional(),
  /** Overrides of the dataset's preparation for this candidate. */
  preparation: preparationOverrideSchema.optional(),
  searchSpace: z.record(z.string(), searchRangeSchema).optional(),
  why: z.string().optional(),
})

export const trainingSchema = z.strictObject({
  seed: z.number().int().min(0).max(4_294_967_295).default(42),
  /** Cross-validation folds on the training part; in time order when the split is by time. */
  folds: z.number().int().min(2).max(20).default(3),
  /** Metric that ranks the candidates. */
  metric: z.enum(METRICS).optional(),
  /** At most this many training rows (the newest in time, else a seeded sample). */
  maxRows: z.number().int().positive().optional(),
  timeLimit: durationSchema.default('10m'),
  memoryLimitMb: z.number().int().positive().default(2_048),
  /** Worker processes side by side. */
  parallel: z.number().int().min(1).max(64).default(2),
})

export const tuningSchema = z.strictObject({
  /** `rejected`: only after a NO of the gate; `always`: the best candidates before the first gate too. */
  when: z.enum(['rejected', 'always']).default('rejected'),
  method: z.enum(['grid', 'random', 'bayesian']).default('bayesian'),
  trials: z.number().int().min(1).max(10_000).default(20),
  timeLimit: durationSchema.default('5m'),
  /** How often a NO may go back to tuning before it is final. */
  rounds: z.number().int().min(0).max(10).default(1),
  /** How many of the best candidates are tuned in a round. */
  candidates: z.number().int().min(1).default(1),
  /** Share of training rows a trial sees. */
  sample: shareSchema.default(1),
})
