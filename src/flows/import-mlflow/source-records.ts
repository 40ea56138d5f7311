import { z } from 'zod'
import { LOGGED_MODEL_STATUSES, RUN_STATUSES } from '../../platform/tracking/index.ts'
import { STAGES } from '../../stages/registry/catalog/index.ts'

const RUN_NAME_TAG = 'mlflow.runName'

/** Protocol buffers send 64-bit integers as texts or numbers. */
const integer = z
  .union([z.number(), z.string().regex(/^-?\d{1,16}$/), z.bigint()])
  .transform(Number)
  .pipe(z.number().int())
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const orNull = z
  .string()
  .nullish()
  .transform((value) => value || null)
const runId = z.string().regex(/^[a-zA-Z0-9][\w-]{0,255}$/)
const modelId = z.string().regex(/^m-[\w-]{1,64}$/)
const entries = z.array(z.object({ key: z.string(), value: text }))
const tags = entries.transform((list) =>
  // Not by assignment: a key may be called `__proto__`.
  Object.fromEntries(list.map(({ key, value }) => [key, value])),
)
const lifecycle = z.enum(['active', 'deleted'])

const numeral = z
  .union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)])
  // As both keep infinities.
  .transform((value) => Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE))
/** A value that overflows in JSON is an infinity, which zod's numbers exclude. */
const value = z.preprocess(
  (got) => (got === Number.POSITIVE_INFINITY ? 'Infinity' : Number.isNaN(got) ? 'NaN' : got),
  numeral,
)

export const pointSchema = z.object({
  key: z.string(),
  value,
  timestampMs: integer.default(0),
  step: integer.default(0),
})

export const experimentSchema = z.object({
  id: z.string().regex(/^\d{1,18}$/),
  name: z.string().min(1),
  lifecycle,
  createdAtMs: integer.nullish(),
  tags,
})

export const runSchema = z
  .object({
    id: runId,
    name: text,
    user: text,
    status: z.enum(RUN_STATUSES),
    lifecycle,
    startedAtMs: integer.nullish(),
    endedAtMs: integer.nullish(),
    artifactUri: text,
    metricKeys: z.array(z.string()),
    parameters: entries,
    tags,
    datasets: z.array(
      z.object({
        name: z.string(),
        digest: z.string(),
        sourceType: text,
        source: text,
        schema: orNull,
        profile: orNull,
        tags,
      }),
    ),
    modelInputs: z.array(modelId),
    modelOutputs: z.array(z.object({ modelId, step: integer.default(0) })),
  })
  .transform((run) => {
    const name = run.name || run.tags[RUN_NAME_TAG] || ''
    const { [RUN_NAME_TAG]: _, ...rest } = run.tags
    return { ...run, name, tags: rest }
  })

export const loggedModelSchema = z.object({
  id: modelId,
  name: text,
  createdAtMs: integer,
  artifactUri: text,
  status: z.enum(LOGGED_MODEL_STATUSES),
  modelType: text,
  sourceRunId: orNull,
  parameters: entries,
  tags,
  metrics: z.array(pointSchema.extend({ runId, datasetName: orNull, datasetDigest: orNull })),
})

const LOGGED_MODEL = /^models:\/(m-[\w-]{1,64})$/

export const versionSchema = z
  .object({
    version: integer.pipe(z.number().int().min(1)),
    createdAtMs: integer,
    description: text,
    user: text,
    stage: z.enum(STAGES),
    source: text,
    runId: orNull.pipe(runId.nullable()),
    runLink: orNull,
    status: z.enum(['PENDING_REGISTRATION', 'READY', 'FAILED_REGISTRATION']),
    tags,
  })
  .transform((version) => {
    return { ...version, modelId: LOGGED_MODEL.exec(version.source)?.[1] ?? null }
  })

export const modelSchema = z.object({
  name: z.string().min(1),
  createdAtMs: integer,
  description: text,
  tags,
  aliases: z.array(z.object({ alias: z.string(), version: integer.pipe(z.number().int().min(1)) })),
  versions: z.array(versionSchema),
})

export type SourceExperiment = z.infer<typeof experimentSchema>
export type SourceRun = z.infer<typeof runSchema>
export type SourcePoint = z.infer<typeof pointSchema>
export type SourceLoggedModel = z.infer<typeof loggedModelSchema>
export type SourceVersion = z.infer<typeof versionSchema>
export type SourceModel = z.infer<typeof modelSchema>

/** MLflow keeps prompts as registered models with this tag. */
export function isPrompt({ tags: { 'mlflow.prompt.is_prompt': mark } }: SourceModel): boolean {
  return mark?.toLowerCase() === 'true'
}
