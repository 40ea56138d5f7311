import type { ModelSignature } from '../../core/records/index.ts'

/** Rows as columns, by input name. A missing number is NaN, a missing text is "". */
export interface ColumnBatch {
  readonly rows: number
  readonly columns: Readonly<Record<string, Float32Array | readonly string[]>>
}

/** Rows as the tensors of a model take them: row by row, the inputs of a kind side by side. */
export interface PackedRows {
  readonly rows: number
  /** Length rows × number inputs, in the signature's order; a missing number is NaN. */
  readonly numbers: Float32Array<ArrayBuffer>
  /** Length rows × text inputs, in the signature's order; a missing text is "". */
  readonly texts: readonly string[]
}

/** Answers for a batch, row-major. */
export interface PredictionBatch {
  readonly rows: number
  /** Numbers a row: classes, or 1. */
  readonly width: number
  /** Length rows × width: probabilities, values, or cluster numbers. */
  readonly output: Float32Array
}

/** A loaded ONNX model: the one engine for evaluation, explanation and serving. */
export interface ModelSession {
  readonly signature: ModelSignature
  readonly digest: string
  /** Whether calls leave this thread free, and are answered one after the other in another. */
  readonly isApart: boolean
  /** Whether every later call fails: it was closed, or the thread it lived in has ended. */
  readonly hasEnded: boolean
  /** @throws PREDICTION_INPUT_MISSING, PREDICTION_FAILED */
  predict(batch: ColumnBatch): Promise<PredictionBatch>
  /**
   * The same for rows that are packed already; their numbers are not to be used any more.
   * @throws PREDICTION_FAILED
   */
  predictPacked(rows: PackedRows): Promise<PredictionBatch>
  close(): Promise<void>
}
