import { join } from 'node:path'
import { z } from 'zod'
import { PROBLEM_TYPES } from '../../core/records/index.ts'
import { pythonFolder } from './python-folder.ts'
import { type OnceOutcome, runOnce } from './run-once.ts'

/** How a client's model file is written. `pickle` stands for cloudpickle and joblib too. */
export const CLIENT_MODEL_FORMATS = ['onnx', 'pickle', 'skops', 'xgboost'] as const
export type ClientModelFormat = (typeof CLIENT_MODEL_FORMATS)[number]

const columnSchema = z.object({
  name: z.string(),
  kind: z.enum(['number', 'text']),
  /** Whether the client's column holds whole numbers. */
  whole: z.boolean().optional(),
})
export type ClientModelColumn = z.output<typeof columnSchema>

const valuesSchema = z.array(z.union([z.number(), z.string(), z.null()]))

const readSchema = z.object({
  ok: z.literal(true),
  /** A new ONNX file in the folder; null when the client's own file can be served as it is. */
  model: z.literal('adopted.onnx').nullable(),
  columns: z.array(columnSchema).min(1),
  tensors: z.object({
    numeric: z.string().nullable(),
    categorical: z.string().nullable(),
    output: z.string(),
  }),
  problemType: z.enum(PROBLEM_TYPES),
  classes: z.array(z.string()),
  estimator: z.string(),
  /** Rows to try the model on, by column; a missing number is null. */
  rows: z.record(z.string(), valuesSchema),
  /** What the original answers to them, row by row; null when there is only the ONNX file. */
  answers: z.array(z.array(z.number())).nullable(),
  notes: z.array(z.string()),
  packages: z.record(z.string(), z.string()).optional(),
  confinement: z.array(z.string()),
})

const refusalSchema = z.object({
  ok: z.literal(false),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  confinement: z.array(z.string()),
})

const answerSchema = z.discriminatedUnion('ok', [readSchema, refusalSchema])

export type ClientModel = Omit<z.output<typeof readSchema>, 'ok'>

/** Why it could not be read: a code, what happened, a way out. */
export interface ClientModelRefusal {
  readonly code: string
  readonly message: string
  readonly hint: string
}

export interface ClientModelLimits {
  /** @default 4,096 */
  readonly memoryMb: number
  /** Of processor and of wall clock. @default 60 */
  readonly seconds: number
  /** Of each file it writes. @default 512 */
  readonly fileMb: number
}

const DEFAULT_LIMITS: ClientModelLimits = { memoryMb: 4_096, seconds: 60, fileMb: 512 }

export interface ReadClientModelOptions {
  /** Interpreter of the worker's environment. */
  readonly python: string
  /** A folder that holds nothing but the model file; the process may write here only. */
  readonly folder: string
  /** Name of the model file in it. */
  readonly file: string
  readonly format: ClientModelFormat
  /** Names of further files in the folder that belong to it. */
  readonly siblings?: readonly string[] | undefined
  /** Of the client's signature, in its order; absent when it has none. */
  readonly columns?: readonly ClientModelColumn[] | undefined
  /** Whether the names are the client's, not made up for a matrix. */
  readonly named?: boolean | undefined
  /** What the model is for, where the file leaves it open. */
  readonly problemType?: string | undefined
  /** Values of the client's input example, by column. */
  readonly example?: Readonly<Record<string, readonly unknown[]>> | undefined
  readonly limits?: Partial<ClientModelLimits> | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads a model file that anybody may have written, in a Python process of its own that can reach
 * nothing: no network, no other process, no file but Python's own and its folder, limited time and
 * memory, an allow-list of what a pickle may name. See `python/README.md`.
 */
export async function readClientModel(
  options: ReadClientModelOptions,
): Promise<ClientModel | { readonly refusal: ClientModelRefusal }> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const { python, signal, limits: _, ...request } = options
  const { folder } = request
  const outcome = await runOnce({
    command: python,
    args: ['-I', '-B', '-X', 'utf8', join(pythonFolder, 'esteira_adoption', '__main__.py')],
    folder,
    environment: sandboxEnvironment(folder),
    input: JSON.stringify({
      ...request,
      limits: {
        memoryBytes: limits.memoryMb * 2 ** 20,
        cpuSeconds: limits.seconds,
        fileBytes: limits.fileMb * 2 ** 20,
      },
    }),
    timeLimitMs: limits.seconds * 1_000,
    memoryLimitMb: limits.memoryMb,
    maxOutputBytes: 32 * 2 ** 20,
    signal,
  })
  if (outcome.end !== 'finished') return { refusal: refusalOf(outcome, limits) }
  return parseAnswer(outcome.output)
}

function sandboxEnvironment(folder: string): Record<string, string> {
  return {
    LANG: 'C.UTF-8',
    HOME: folder,
    TMPDIR: folder,
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    MKL_NUM_THREADS: '1',
    JOBLIB_MULTIPROCESSING: '0',
  }
}

function parseAnswer(output: string): ClientModel | { readonly refusal: ClientModelRefusal } {
  let answer: z.output<typeof answerSchema>
  try {
    answer = answerSchema.parse(JSON.parse(output))
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return { refusal: crashed(`its answer makes no sense (${reason})`) }
  }
  if (answer.ok) return answer
  const { code, message, hint } = answer
  return { refusal: { code, message, hint } }
}

function crashed(reason: string): ClientModelRefusal {
  return {
    code: 'MODEL_READER_CRASHED',
    message: `the process that reads the model came to an end: ${reason}`,
    hint: 'The file is broken, or made to break its reader; log the model again.',
  }
}

function refusalOf(
  outcome: Exclude<OnceOutcome, { end: 'finished' }>,
  limits: ClientModelLimits,
): ClientModelRefusal {
  if (outcome.end === 'crashed') return crashed(outcome.reason)
  if (outcome.end === 'too-talkative') return crashed('it answered more than 32 MB')
  if (outcome.end === 'cancelled') {
    const hint = 'Ask for it again.'
    return { code: 'ADOPTION_CANCELLED', message: 'the adoption was cancelled', hint }
  }
  if (outcome.end === 'out-of-memory') {
    return {
      code: 'MODEL_OUT_OF_MEMORY',
      message: `reading the model needs more than the ${limits.memoryMb} MB it may use`,
      hint: 'Make the model smaller.',
    }
  }
  return {
    code: 'MODEL_OUT_OF_TIME',
    message: `reading the model takes longer than the ${limits.seconds} s it may take`,
    hint: 'Make the model smaller; a file that makes its reader wait is not adopted.',
  }
}
