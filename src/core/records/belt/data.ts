import { z } from 'zod'
import { artifactRefSchema, digestSchema, reasonSchema, timeSchema } from './common.ts'

/** What is known of one column of a table. Number fields are null for texts and empty columns. */
export const columnProfileSchema = z.strictObject({
  name: z.string(),
  /** DuckDB's type name. */
  type: z.string(),
  nulls: z.number().int(),
  distinct: z.number().int(),
  min: z.union([z.number(), z.string()]).nullable(),
  max: z.union([z.number(), z.string()]).nullable(),
  mean: z.number().nullable(),
  standardDeviation: z.number().nullable(),
  quartiles: z.tuple([z.number(), z.number(), z.number()]).nullable(),
  /** Most frequent values with their counts, at most ten. */
  top: z.array(z.strictObject({ value: z.string(), count: z.number().int() })),
})
export type ColumnProfile = z.output<typeof columnProfileSchema>

export const expectationResultSchema = z.strictObject({
  name: z.string(),
  expect: z.string(),
  passed: z.boolean(),
  /** Rows that broke it; for whole-table rules 0 or 1. */
  failures: z.number().int(),
  observed: z.string(),
  expected: z.string(),
})
export type ExpectationResult = z.output<typeof expectationResultSchema>

/** An immutable, content-addressed Parquet copy of a source. */
export const snapshotSchema = z.strictObject({
  source: z.string(),
  kind: z.string(),
  /** Where it came from, without secrets: paths, redacted connection, address. */
  origin: z.string(),
  table: artifactRefSchema,
  rows: z.number().int(),
  columns: z.array(columnProfileSchema),
  expectations: z.array(expectationResultSchema),
  quarantined: z.strictObject({ rows: z.number().int(), table: artifactRefSchema.nullable() }),
  /** The data horizon, and the newest `knownAt` value seen. */
  asOf: timeSchema.nullable(),
  newestKnownAt: timeSchema.nullable(),
})
export type Snapshot = z.output<typeof snapshotSchema>

export const SPLIT_PARTS = ['train', 'validation', 'test'] as const
export type SplitPart = (typeof SPLIT_PARTS)[number]

/** The columns every frame has beside the inputs. */
export const FRAME_COLUMNS = {
  id: '__id',
  /** TIMESTAMP in UTC, null when the dataset has no prediction time. */
  predictionTime: '__prediction_time',
  labelTime: '__label_time',
  /** Class label as VARCHAR, number as DOUBLE for regression; absent for clustering. */
  target: '__target',
  group: '__group',
} as const

export const INPUT_KINDS = ['number', 'text'] as const
/** Models see numbers (float32, booleans as 0/1, timestamps refused) and texts. */
export const inputColumnSchema = z.strictObject({
  // As a key of a JavaScript object this one would be no key: rows by name would lack it.
  name: z.string().refine((name) => name !== '__proto__', 'a name other than "__proto__"'),
  kind: z.enum(INPUT_KINDS),
  /** The feature view it comes from, or null for a column of the request and a computed one. */
  view: z.string().nullable(),
  /** The expression that computes it from other inputs; absent for a column that is not computed. */
  onDemand: z.string().optional(),
})
export type InputColumn = z.output<typeof inputColumnSchema>

export const leakageFindingSchema = z.strictObject({
  check: z.enum(['shared-rows', 'future-information', 'single-column']),
  passed: z.boolean(),
  subject: z.string(),
  measured: z.number(),
  bound: z.number(),
  reason: reasonSchema,
})
export type LeakageFinding = z.output<typeof leakageFindingSchema>

export const framePartSchema = z.strictObject({
  table: artifactRefSchema,
  rows: z.number().int(),
  from: timeSchema.nullable(),
  to: timeSchema.nullable(),
  /** Rows by class label; empty for regression and clustering. */
  classes: z.record(z.string(), z.number().int()),
})
export type FramePart = z.output<typeof framePartSchema>

/** The dataset after stage 3: one row per decision, split, before features are joined. */
export const datasetRecordSchema = z.strictObject({
  id: z.string(),
  table: artifactRefSchema,
  rows: z.number().int(),
  /** Rows left out with why: unknown label, label not known at a boundary, null id. */
  dropped: z.array(z.strictObject({ why: z.string(), rows: z.number().int() })),
  classes: z.array(z.string()),
  positiveClass: z.string().nullable(),
  columns: z.array(columnProfileSchema),
  newestPredictionTime: timeSchema.nullable(),
})
export type DatasetRecord = z.output<typeof datasetRecordSchema>

/** One feature view computed over all history. */
export const featureTableSchema = z.strictObject({
  view: z.string(),
  entity: z.string(),
  keys: z.array(z.string()),
  features: z.array(inputColumnSchema),
  table: artifactRefSchema,
  rows: z.number().int(),
  columns: z.array(columnProfileSchema),
  newestEventTime: timeSchema.nullable(),
})
export type FeatureTable = z.output<typeof featureTableSchema>

/** The training frame: dataset and features joined as they were known at prediction time. */
export const frameSchema = z.strictObject({
  id: z.string(),
  dataset: z.string(),
  inputs: z.array(inputColumnSchema),
  /** Columns for slices and fairness, beside the inputs. */
  kept: z.array(z.string()),
  classes: z.array(z.string()),
  positiveClass: z.string().nullable(),
  parts: z.strictObject({
    train: framePartSchema,
    validation: framePartSchema,
    test: framePartSchema,
  }),
  /** Rows that no part took, with why: their label was not known when the next part began. */
  dropped: z.array(z.strictObject({ why: z.string(), rows: z.number().int() })).optional(),
  /** Share of rows of the test part with a value, by feature view. */
  coverage: z.record(z.string(), z.number()),
  leakage: z.array(leakageFindingSchema),
  profile: z.array(columnProfileSchema),
})
export type Frame = z.output<typeof frameSchema>

/** Where a model came from that a client logged, in full: enough to fetch it again and compare. */
export const clientOriginSchema = z.strictObject({
  /** As the client said, such as `models:/m-…`. */
  source: z.string(),
  /** Where the files are, such as `mlflow-artifacts:/1/…`. */
  artifactUri: z.string(),
  runId: z.string().nullable(),
  modelId: z.string().nullable(),
  /** Of MLflow: the flavor that was read, and how its file is written. */
  flavor: z.enum(['onnx', 'sklearn', 'xgboost']),
  format: z.string(),
  mlflowVersion: z.string().nullable(),
  /** Digests of the files that were read, by path in the model's folder. */
  files: z.record(z.string(), digestSchema),
  /** Versions the client worked with, and those that read the file here. */
  clientPackages: z.record(z.string(), z.string()),
  packages: z.record(z.string(), z.string()),
  /** What kept the reader apart from everything else. */
  confinement: z.array(z.string()),
  /** The served file against the original on these many rows; null where they are the same file. */
  parity: z.strictObject({ rows: z.number().int(), maxAbsoluteDifference: z.number() }).nullable(),
  notes: z.array(z.string()),
})
export type ClientOrigin = z.output<typeof clientOriginSchema>

/** What a version was made of. A client's model has no data, evaluation or verdict of the belt. */
export const lineageSchema = z.strictObject({
  snapshots: z.record(z.string(), digestSchema),
  featureTables: z.record(z.string(), digestSchema),
  dataset: z.string().nullable(),
  frame: z.string().nullable(),
  run: z.string().nullable(),
  evaluation: z.string().nullable(),
  verdict: z.string().nullable(),
  /** Present when a client made the model. */
  client: clientOriginSchema.optional(),
})
export type Lineage = z.output<typeof lineageSchema>

/** The lineage of what the belt itself has made: nothing of it is missing. */
export type BeltLineage = {
  readonly [K in keyof Omit<Lineage, 'client'>]: NonNullable<Lineage[K]>
}
