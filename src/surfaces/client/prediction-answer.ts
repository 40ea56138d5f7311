import { z } from 'zod'
import { ClientError } from './client-error.ts'

/** What is predicted for one row; which of the answers are there depends on the problem. */
export interface Prediction {
  /** By which its label is sent later. */
  readonly id: string
  /** The decided class. */
  readonly label?: string
  /** Of a binary model: whether the positive class's probability reached the threshold. */
  readonly decision?: boolean
  /** In the order of `metadata().parameters.classes`. */
  readonly probabilities?: readonly number[]
  /** Of a regression. */
  readonly value?: number
  readonly cluster?: number
}

export interface PredictionAnswer {
  /** The request's id: what it was sent with, or what the client gave it. */
  readonly id: string
  readonly model: string
  readonly version: number
  /** What the version is in the rollout, such as `stable`, `canary`, `treatment`. */
  readonly role: string
  /** In the order of the rows. */
  readonly predictions: readonly Prediction[]
}

const outputSchema = z.object({
  name: z.string(),
  shape: z.array(z.number().int()),
  data: z.array(z.union([z.number(), z.string(), z.boolean()])),
})

const answerSchema = z.object({
  id: z.string(),
  model_name: z.string(),
  model_version: z.string(),
  parameters: z.object({ role: z.string(), ids: z.array(z.string()) }),
  outputs: z.array(outputSchema),
})

const metadataSchema = z.object({
  name: z.string(),
  versions: z.array(z.string()),
  inputs: z.array(
    z.object({
      name: z.string(),
      datatype: z.string(),
      parameters: z.object({ model_input: z.boolean(), entity_key: z.boolean() }).partial(),
    }),
  ),
  outputs: z.array(z.object({ name: z.string(), datatype: z.string() })),
  parameters: z.object({
    version: z.string(),
    classes: z.array(z.string()),
    positive_class: z.string().nullable(),
    threshold: z.number().nullable(),
    feature_views: z.array(z.string()),
  }),
})

const explanationSchema = z.object({
  model_version: z.string(),
  method: z.string(),
  reference: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  explanations: z.array(
    z.object({
      output: z.string(),
      value: z.number(),
      contributions: z.record(z.string(), z.number()),
    }),
  ),
})

/** What the model takes and gives, as the Open Inference Protocol tells it. */
export type EndpointMetadata = z.infer<typeof metadataSchema>
/** What each row's answer owes to each of its inputs. */
export type PredictionExplanation = z.infer<typeof explanationSchema>

/** @throws ClientError ANSWER_NOT_UNDERSTOOD */
export function readMetadata(body: unknown): EndpointMetadata {
  return understood(metadataSchema, body)
}

/** @throws ClientError ANSWER_NOT_UNDERSTOOD */
export function readExplanation(body: unknown): PredictionExplanation {
  return understood(explanationSchema, body)
}

/** @throws ClientError ANSWER_NOT_UNDERSTOOD */
export function readPredictions(body: unknown): PredictionAnswer {
  const { id, outputs, parameters, ...model } = understood(answerSchema, body)
  const predictions = parameters.ids.map((row, index) => ({
    id: row,
    ...Object.fromEntries(outputs.map(({ name, ...output }) => [name, valueAt(output, index)])),
  }))
  return {
    id,
    model: model.model_name,
    version: Number(model.model_version),
    role: parameters.role,
    predictions,
  }
}

function valueAt({ shape, data }: Omit<z.infer<typeof outputSchema>, 'name'>, row: number) {
  const [, width] = shape
  return width === undefined ? data[row] : data.slice(row * width, (row + 1) * width)
}

function understood<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body)
  if (data !== undefined) return data
  throw new ClientError(
    {
      code: 'ANSWER_NOT_UNDERSTOOD',
      message: 'The answer is not one of an Esteira endpoint.',
      status: 200,
      hint: 'Check the address, and that client and server are of releases that go together.',
      retryable: false,
      details: {},
    },
    error,
  )
}
