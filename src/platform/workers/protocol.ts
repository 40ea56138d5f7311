import { z } from 'zod'

/** Version of the lines between host and worker; both sides refuse any other. */
export const PROTOCOL_VERSION = 1

const version = { v: z.literal(PROTOCOL_VERSION) }

/** What a worker may say, one JSON object a line. */
export const workerMessageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...version,
    kind: z.literal('hello'),
    pid: z.number().int(),
    python: z.string(),
    packages: z.record(z.string(), z.string()),
  }),
  z.strictObject({ ...version, kind: z.literal('heartbeat'), rssMb: z.number() }),
  z.strictObject({
    ...version,
    kind: z.literal('progress'),
    id: z.number().int(),
    share: z.number().min(0).max(1),
    message: z.string(),
  }),
  z.strictObject({ ...version, kind: z.literal('result'), id: z.number().int(), result: z.json() }),
  z.strictObject({
    ...version,
    kind: z.literal('error'),
    id: z.number().int(),
    code: z.string(),
    message: z.string(),
    hint: z.string(),
  }),
])
export type WorkerMessage = z.output<typeof workerMessageSchema>

export const METHODS = ['train', 'tune'] as const
export type Method = (typeof METHODS)[number]

/** What the host says. */
export type HostMessage =
  | {
      readonly kind: 'request'
      readonly id: number
      readonly method: Method
      readonly params: unknown
    }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'shutdown' }

/** One line, ended. */
export function encodeHostMessage(message: HostMessage): string {
  return `${JSON.stringify({ v: PROTOCOL_VERSION, ...message })}\n`
}

/**
 * Reads one line of a worker.
 * @returns the message, or what is wrong with the line.
 */
export function decodeWorkerMessage(
  line: string,
): { readonly message: WorkerMessage } | { readonly wrong: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { wrong: `a line is no JSON: ${line.slice(0, 80)}` }
  }
  const parsed = workerMessageSchema.safeParse(value)
  return parsed.success ? { message: parsed.data } : { wrong: z.prettifyError(parsed.error) }
}

const metrics = z.record(z.string(), z.number())
const text = z.record(z.string(), z.string())
const parameters = z.record(z.string(), z.unknown())

export const trainResultSchema = z.strictObject({
  model: z.string(),
  parity: z.string(),
  tensors: z.strictObject({
    numeric: z.string().nullable(),
    categorical: z.string().nullable(),
    output: z.string(),
  }),
  ranges: z.record(z.string(), z.tuple([z.number(), z.number()]).nullable()),
  categories: z.record(z.string(), z.array(z.string())),
  folds: z.array(z.strictObject({ rows: z.number().int(), metrics })),
  crossValidation: metrics,
  trainingRows: z.number().int(),
  parameters,
  packages: text,
  durationMs: z.number(),
  peakMemoryMb: z.number(),
  notes: z.array(z.string()),
})

export const tuneResultSchema = z.strictObject({
  trials: z.array(
    z.strictObject({
      number: z.number().int(),
      parameters,
      value: z.number().nullable(),
      state: z.enum(['complete', 'failed', 'pruned']),
      durationMs: z.number(),
    }),
  ),
  best: z.strictObject({ parameters, value: z.number() }).nullable(),
  stopped: z.enum(['trials', 'time', 'exhausted']),
})
