import { type InferenceSession, Tensor } from 'onnxruntime-node'
import type { ModelSignature } from '../../core/records/index.ts'
import { inferenceErrors } from './errors.ts'
import type { ColumnBatch, ModelSession, PackedRows, PredictionBatch } from './model-session.ts'
import { type InputLayout, layoutOf, packColumns } from './pack-columns.ts'

/** Rows a run of the engine; bounds the memory of one-hot matrices inside the graph. */
export const CHUNK_ROWS = 4_096

export interface OnnxSessionParts {
  readonly session: InferenceSession
  readonly signature: ModelSignature
  readonly digest: string
  /** Names the model in errors. */
  readonly model: string
}

/** Wraps a loaded engine session: rows in, one row-major array out. */
export function createOnnxSession(parts: OnnxSessionParts): ModelSession {
  return new OnnxSession(parts)
}

class OnnxSession implements ModelSession {
  readonly signature: ModelSignature
  readonly digest: string
  readonly isApart = false
  readonly #session: InferenceSession
  readonly #model: string
  readonly #layout: InputLayout
  readonly #width: number
  readonly #fetches: readonly string[]
  #closed = false

  constructor({ session, signature, digest, model }: OnnxSessionParts) {
    this.signature = signature
    this.digest = digest
    this.#session = session
    this.#model = model
    this.#layout = layoutOf(signature)
    this.#width = Math.max(1, signature.classes.length)
    this.#fetches = [signature.tensors.output]
  }

  get hasEnded(): boolean {
    return this.#closed
  }

  async predict(batch: ColumnBatch): Promise<PredictionBatch> {
    return this.predictPacked(packColumns(batch, this.#layout, this.#model))
  }

  async predictPacked(packed: PackedRows): Promise<PredictionBatch> {
    const model = this.#model
    const width = this.#width
    const { rows } = packed
    if (this.#closed) throw inferenceErrors.PREDICTION_FAILED({ model, reason: 'it is closed' })
    const output = new Float32Array(rows * width)
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const some = Math.min(CHUNK_ROWS, rows - from)
      const answer = await this.#run(this.#feeds(packed, from, some))
      copyAnswer({ answer, output, from, rows: some, width, model })
    }
    return { rows, width, output }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#session.release()
  }

  #feeds({ numbers, texts }: PackedRows, from: number, rows: number): Record<string, Tensor> {
    const { numeric, categorical } = this.signature.tensors
    const feeds: Record<string, Tensor> = {}
    if (numeric !== null) {
      const width = this.#layout.numbers.length
      const some = numbers.subarray(from * width, (from + rows) * width)
      feeds[numeric] = new Tensor('float32', some, [rows, width])
    }
    if (categorical !== null) {
      const width = this.#layout.texts.length
      const some = texts.slice(from * width, (from + rows) * width)
      feeds[categorical] = new Tensor('string', some, [rows, width])
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
