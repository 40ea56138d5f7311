import { z } from 'zod'
import { datasetRecordSchema, modelVersionSchema } from '../../core/records/index.ts'

/** What an image serves, beside the model's file, the project file and the features. */
export const seedSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Release of this package that wrote it. */
  release: z.string(),
  project: z.string(),
  endpoint: z.string(),
  version: modelVersionSchema,
  /** The version's dataset, which tells the types of entity keys; null for an adopted model. */
  dataset: datasetRecordSchema.nullable(),
  /** Feature views whose newest values are in the image. */
  views: z.array(z.string()),
})
export type Seed = Readonly<z.output<typeof seedSchema>>

/** Names of the files in the folder that an image keeps its endpoint in. */
export const SEED_FILES = {
  seed: 'seed.json',
  project: 'esteira.config.json',
  model: 'model.onnx',
  features: 'online.db',
} as const
