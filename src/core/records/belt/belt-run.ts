import { z } from 'zod'
import { digestSchema, reasonSchema, timeSchema } from './common.ts'

export const STAGES = [
  'problem',
  'collection',
  'preparation',
  'features',
  'selection',
  'training',
  'evaluation',
  'gate',
  'tuning',
  'registry',
  'deployment',
  'monitoring',
  'retraining',
] as const
export type Stage = (typeof STAGES)[number]

export const BELT_OUTCOMES = ['deployed', 'champion-kept', 'rejected', 'no-go', 'failed'] as const

/** One travel of the belt, with the records it led to; what a report is made of. */
export const beltRunSchema = z.strictObject({
  id: z.string(),
  project: z.string(),
  projectDigest: digestSchema,
  /** Why the belt ran: by hand, or a retraining decision's id. */
  cause: z.string(),
  asOf: timeSchema,
  outcome: z.enum(BELT_OUTCOMES),
  reasons: z.array(reasonSchema),
  steps: z.array(
    z.strictObject({
      stage: z.enum(STAGES),
      name: z.string(),
      key: digestSchema,
      cached: z.boolean(),
      durationMs: z.number(),
      /** Time spent in Python, a part of `durationMs`. */
      workerMs: z.number(),
    }),
  ),
  /** Ids of the records of this travel. */
  feasibility: z.string().nullable(),
  dataset: z.string().nullable(),
  frame: z.string().nullable(),
  runs: z.array(z.string()),
  failedRuns: z.array(z.string()),
  evaluations: z.array(z.string()),
  tunings: z.array(z.string()),
  verdicts: z.array(z.string()),
  version: z.number().int().nullable(),
  rollout: z.string().nullable(),
  startedAt: timeSchema,
  finishedAt: timeSchema,
})
export type BeltRun = z.output<typeof beltRunSchema>
