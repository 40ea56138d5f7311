import { z } from 'zod'
import { candidateSchema, trainingSchema, tuningSchema } from './candidates.ts'
import { instantSchema, nameSchema } from './common.ts'
import { datasetSchema } from './dataset.ts'
import { entitySchema, featureViewSchema } from './features.ts'
import { evaluationSchema, gateSchema } from './judgement.ts'
import {
  type abTestSchema,
  type canarySchema,
  deploymentSchema,
  monitoringSchema,
  replaySchema,
  retrainingSchema,
  type shadowSchema,
} from './operation.ts'
import { problemSchema } from './problem.ts'
import { sourceSchema } from './sources.ts'

/** The project file: one typed description of the whole belt. Versioned by `schemaVersion`. */
export const projectSchema = z.strictObject({
  $schema: z.string().optional(),
  schemaVersion: z.literal(1).default(1),
  name: nameSchema,
  description: z.string().optional(),
  /** The data horizon: rows known later do not exist for this run. Now, when absent. */
  asOf: instantSchema.optional(),
  problem: problemSchema,
  sources: z.record(nameSchema, sourceSchema),
  entities: z.record(nameSchema, entitySchema).default({}),
  featureViews: z.record(nameSchema, featureViewSchema).default({}),
  dataset: datasetSchema,
  candidates: z.array(candidateSchema).default([]),
  training: trainingSchema.prefault({}),
  tuning: tuningSchema.prefault({}),
  evaluation: evaluationSchema.prefault({}),
  gate: gateSchema,
  deployment: deploymentSchema.prefault({}),
  monitoring: monitoringSchema.prefault({}),
  retraining: retrainingSchema.prefault({}),
  replay: replaySchema.optional(),
})

/** A project as written: defaults may be left out. */
export type ProjectInput = z.input<typeof projectSchema>
/** A project after validation: every default is filled in. */
export type Project = z.output<typeof projectSchema>

export type Problem = Project['problem']
export type Value = NonNullable<Problem['value']>
export type BinaryValue = Extract<Value, { truePositive: number }>
export type Source = Project['sources'][string]
export type Expectation = Source['expectations'][number]
export type Entity = Project['entities'][string]
export type FeatureView = Project['featureViews'][string]
export type DatasetDefinition = Project['dataset']
export type Split = DatasetDefinition['split']
export type Preparation = DatasetDefinition['preparation']
export type Candidate = Project['candidates'][number]
export type TrainingPolicy = Project['training']
export type TuningPolicy = Project['tuning']
export type EvaluationPolicy = Project['evaluation']
export type GatePolicy = Project['gate']
export type Criterion = GatePolicy['criteria'][number]
export type DeploymentPolicy = Project['deployment']
export type RolloutStrategy = DeploymentPolicy['strategy']
export type CanaryStrategy = z.output<typeof canarySchema>
export type AbTestStrategy = z.output<typeof abTestSchema>
export type ShadowStrategy = z.output<typeof shadowSchema>
export type MonitoringPolicy = Project['monitoring']
export type RetrainingPolicy = Project['retraining']
export type Trigger = RetrainingPolicy['triggers'][number]
