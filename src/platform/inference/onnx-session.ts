import { type InferenceSession, Tensor } from 'onnxruntime-node'
import type { ModelSignature } from '../../core/records/index.ts'
import { inferenceErrors } from './errors.ts'
import type { ColumnBatch, ModelSession, PredictionBatch } from './model-session.ts'

/** Rows a run of the engine; bounds the memory of one-hot matrices inside the graph. */
export const CHUNK_ROWS = 4_096

export interface OnnxSessionParts {
  readonly session: InferenceSession
  readonly signature: ModelSignature
  readonly digest: string
  /** Names the model in errors. */
  readonly model: string
}

type NumberColumn = Float32Array
type TextColumn = readonly string[]

/** The columns of a batch in the order of the model's tensors. */
interface BoundColumns {
  readonly numbers: readonly NumberColumn[]
  readonly texts: readonly TextColumn[]
}

/** Wraps a loaded engine session: named columns in, one row-major array out. */
export function createOnnxSession(parts: OnnxSessionParts): ModelSession {
  return new OnnxSession(parts)
}

class OnnxSession implements ModelSession {
  readonly signature: ModelSignature
  readonly digest: string
  readonly #session: InferenceSession
  readonly #model: string
  readonly #numberNames: readonly string[]
  readonly #textNames: readonly string[]
  readonly #width: number
  readonly #fetches: readonly string[]
  #closed = false

  constructor({ session, signature, digest, model }: OnnxSessionParts) {
    this.signature = signature
    this.digest = digest
    this.#session = session
    this.#model = model
    this.#numberNames = namesOf(signature, 'number')
    this.#textNames = namesOf(signature, 'text')
    this.#width = Math.max(1, signature.classes.length)
    this.#fetches = [signature.tensors.output]
  }

  async predict(batch: ColumnBatch): Promise<PredictionBatch> {
    const model = this.#model
    const width = this.#width
    if (this.#closed) throw inferenceErrors.PREDICTION_FAILED({ model, reason: 'it is closed' })
    const columns = {
      numbers: this.#numberNames.map((name) => numberColumn(batch, name, model)),
      texts: this.#textNames.map((name) => textColumn(batch, name, model)),
    }
    const output = new Float32Array(batch.rows * width)
    for (let from = 0; from < batch.rows; from += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, batch.rows - from)
      const answer = await this.#run(this.#feeds(columns, from, rows))
      copyAnswer({ answer, output, from, rows, width, model })
    }
    return { rows: batch.rows, width, output }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#session.release()
  }

  #feeds(columns: BoundColumns, from: number, rows: number): Record<string, Tensor> {
    const { numeric, categorical } = this.signature.tensors
    const feeds: Record<string, Tensor> = {}
    if (numeric !== null) {
      const packed = packNumbers(columns.numbers, from, rows)
      feeds[numeric] = new Tensor('float32', packed, [rows, this.#numberNames.length])
    }
    if (categorical !== null) {
      const packed = packTexts(columns.texts, from, rows)
      feeds[categorical] = new Tensor('string', packed, [rows, this.#textNames.length])
    }
    return feeds
  }

  async #run(feeds: Record<string, Tensor>): Promise<Tensor> {
    try {
      const results = await this.#session.run(feeds, this.#fetches)
      return results[this.signature.tensors.output] as Tensor
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw inferenceErrors.PREDICTION_FAILED({ model: this.#model, reason }, cause)
    }
  }
}

function namesOf(signature: ModelSignature, kind: 'number' | 'text'): readonly string[] {
  return signature.inputs.filter((input) => input.kind === kind).map((input) => input.name)
}

function findColumn(batch: ColumnBatch, name: string): Float32Array | readonly string[] {
  const column = Object.hasOwn(batch.columns, name) ? batch.columns[name] : undefined
  if (column === undefined) {
    const given = Object.keys(batch.columns)
    throw inferenceErrors.PREDICTION_INPUT_MISSING({ input: name, given })
  }
  return column
}

function numberColumn(batch: ColumnBatch, name: string, model: string): NumberColumn {
  const column = findColumn(batch, name)
  if (!(column instanceof Float32Array)) throw wrongKind(model, name, 'numbers', 'texts')
  checkLength(batch, name, { length: column.length, model })
  return column
}

function textColumn(batch: ColumnBatch, name: string, model: string): TextColumn {
  const column = findColumn(batch, name)
  if (column instanceof Float32Array) throw wrongKind(model, name, 'texts', 'numbers')
  checkLength(batch, name, { length: column.length, model })
  return column
}

function wrongKind(model: string, name: string, expected: string, got: string): Error {
  const reason = `the input "${name}" expects ${expected}, got ${got}`
  return inferenceErrors.PREDICTION_FAILED({ model, reason })
}

function checkLength(
  batch: ColumnBatch,
  name: string,
  found: { readonly length: number; readonly model: string },
): void {
  if (found.length === batch.rows) return
  const reason = `the input "${name}" has ${found.length} values for ${batch.rows} rows`
  throw inferenceErrors.PREDICTION_FAILED({ model: found.model, reason })
}

/** Columns side by side, row-major: the layout of the tensor. */
function packNumbers(columns: readonly NumberColumn[], from: number, rows: number): Float32Array {
  const width = columns.length
  const packed = new Float32Array(rows * width)
  for (let j = 0; j < width; j++) {
    const column = columns[j]
    if (column === undefined) continue
    for (let i = 0, at = j; i < rows; i++, at += width) packed[at] = column[from + i] ?? Number.NaN
  }
  return packed
}

function packTexts(columns: readonly TextColumn[], from: number, rows: number): string[] {
  const packed: string[] = []
  for (let i = from; i < from + rows; i++) {
    for (const column of columns) packed.push(column[i] ?? '')
  }
  return packed
}

interface Answer {
  readonly answer: Tensor
  readonly output: Float32Array
  readonly from: number
  readonly rows: number
  readonly width: number
  readonly model: string
}

/** Copies a chunk's answer to its place; refuses one that is too short or holds no number. */
function copyAnswer({ answer, output, from, rows, width, model }: Answer): void {
  const data = answer.data
  if (data.length !== rows * width) {
    const reason = `expected ${rows} × ${width} numbers, got ${data.length}`
    throw inferenceErrors.PREDICTION_FAILED({ model, reason })
  }
  const start = from * width
  for (let i = 0; i < data.length; i++) {
    // Cluster numbers come as 64-bit integers.
    const value = Number(data[i])
    if (!Number.isFinite(value)) {
      const reason = `row ${from + Math.floor(i / width)} gave ${data[i]}`
      throw inferenceErrors.PREDICTION_FAILED({ model, reason })
    }
    output[start + i] = value
  }
}
