import { dirname, extname, join } from 'node:path'
import { z } from 'zod'
import type { ModelSignature } from '../../core/records/index.ts'
import { type ClientModel, runOnce } from '../../platform/workers/index.ts'
import { refusalError, type VersionName } from './errors.ts'

/**
 * Notation
 *   o_ij   answer j of the client's original to row i;  s_ij the same of the ONNX file, through the
 *          serving engine
 *   scale  1 for probabilities and clusters; for values max(1, max |o_ij|), since float32 keeps about
 *          seven digits whatever the size of a number
 *   difference = max |s_ij − o_ij| / scale
 */

/** What serving may differ from the original by, as for models the belt trains itself. */
export const ALLOWED_DIFFERENCE = 1e-3

const PROGRAM = join(import.meta.dirname, `trial-process${extname(import.meta.filename)}`)

const trialSchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    rows: z.number(),
    width: z.number(),
    output: z.array(z.number()),
  }),
  z.object({ ok: z.literal(false), reason: z.string() }),
])

export interface TrialOptions {
  readonly name: VersionName
  /** The ONNX file that would be served. */
  readonly path: string
  readonly signature: ModelSignature
  readonly client: ClientModel
  /** @default 30,000 */
  readonly timeLimitMs?: number | undefined
  /** @default 2,048 */
  readonly memoryLimitMb?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Parity {
  readonly rows: number
  readonly maxAbsoluteDifference: number
}

export interface Trial {
  /** Over rows without missing numbers; null when there is no original but the file itself. */
  readonly parity: Parity | null
  readonly notes: readonly string[]
}

/**
 * Lets the engine answer rows in a process of its own, and compares with the original's answers.
 * Rows with missing numbers decide nothing: converters treat them in their own way, which is noted.
 * @throws MODEL_ANSWERS_NOT, MODEL_ANSWERS_DIFFER, MODEL_OUT_OF_TIME, MODEL_OUT_OF_MEMORY,
 * MODEL_READER_CRASHED
 */
export async function tryModel(options: TrialOptions): Promise<Trial> {
  const { signature, client, name } = options
  const served = await answersOf(options)
  const { answers } = client
  if (answers === null) return { parity: null, notes: [] }
  const scale =
    signature.problemType === 'regression'
      ? answers.reduce((most, [value = 0]) => Math.max(most, Math.abs(value)), 1)
      : 1
  const allowed = ALLOWED_DIFFERENCE * scale
  const differences = answers.map((values, row) => rowDifference(values, served, row))
  const hasGap = answers.map((_, row) => Object.values(client.rows).some((v) => v[row] === null))
  const whole = differences.map((difference, row) => (hasGap[row] ? 0 : difference))
  const maxAbsoluteDifference = Math.max(...whole)
  // A missing answer is NaN, which no comparison may let pass.
  if (!(maxAbsoluteDifference <= allowed)) {
    throw refusalError(name, {
      code: 'MODEL_ANSWERS_DIFFER',
      message: `converted to ONNX it answers row ${whole.findIndex((d) => !(d <= allowed))} of ${answers.length} differently: off by ${maxAbsoluteDifference}, allowed is ${allowed}`,
      hint: 'Log the model with an input_example of real rows, fit it on float32 numbers, or log it in ONNX flavour.',
    })
  }
  const rows = hasGap.filter((gap) => !gap).length
  const isSure = differences.every((difference) => difference <= allowed)
  const notes = isSure
    ? []
    : [
        'rows with missing numbers are answered differently from the original: put a SimpleImputer before the model if numbers may be missing',
      ]
  return { parity: { rows, maxAbsoluteDifference }, notes }
}

function rowDifference(
  values: readonly number[],
  served: { readonly width: number; readonly output: readonly number[] },
  row: number,
): number {
  const differences = values.map((value, place) =>
    Math.abs((served.output[row * served.width + place] ?? Number.NaN) - value),
  )
  return Math.max(...differences)
}

async function answersOf(options: TrialOptions) {
  const { path, signature, client, timeLimitMs = 30_000, memoryLimitMb = 2_048 } = options
  const refuse = (code: string, message: string) =>
    refusalError(options.name, {
      code,
      message,
      hint: 'Check that the model answers tables of the columns in its signature, and log it again.',
    })
  const outcome = await runOnce({
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', PROGRAM],
    folder: dirname(path),
    environment: { ORT_DISABLE_TELEMETRY: '1' },
    input: JSON.stringify({ path, signature, rows: client.rows }),
    timeLimitMs,
    memoryLimitMb,
    maxOutputBytes: 64 * 2 ** 20,
    signal: options.signal,
  })
  switch (outcome.end) {
    case 'finished': {
      const trial = trialSchema.parse(JSON.parse(outcome.output))
      if (trial.ok) return trial
      throw refuse('MODEL_ANSWERS_NOT', `the serving engine gives no answer: ${trial.reason}`)
    }
    case 'out-of-time':
      throw refuse('MODEL_OUT_OF_TIME', `${client.rows.length} rows take longer than it may take`)
    case 'out-of-memory':
      throw refuse('MODEL_OUT_OF_MEMORY', `answering needs more than ${memoryLimitMb} MB`)
    case 'cancelled':
      throw refuse('ADOPTION_CANCELLED', 'the adoption was cancelled')
    case 'too-talkative':
      throw refuse('MODEL_READER_CRASHED', 'it answers more than 64 MB')
    case 'crashed':
      throw refuse('MODEL_READER_CRASHED', `it brings the serving engine down: ${outcome.reason}`)
  }
}
