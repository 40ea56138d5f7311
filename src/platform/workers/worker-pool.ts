import type { Candidate, Preparation, ProblemType, Split } from '../../core/records/index.ts'

/** Column names in the order of the model's tensors. */
export interface WorkerColumns {
  readonly numeric: readonly string[]
  readonly categorical: readonly string[]
}

export interface TrainRequest {
  /** `members` resolved to full candidates for `voting`. */
  readonly candidate: Omit<Candidate, 'members'> & { readonly members?: readonly Candidate[] }
  readonly problemType: ProblemType
  /** Class labels; `__target` holds one of them as text. */
  readonly classes: readonly string[]
  /** For the binary metrics of the folds; the last class when absent. */
  readonly positiveClass?: string | null
  readonly columns: WorkerColumns
  readonly preparation: Preparation
  /** Paths of Parquet files in the frame's layout (`FRAME_COLUMNS`). */
  readonly train: string
  readonly validation: string
  readonly crossValidation: { readonly by: Split['by']; readonly folds: number }
  readonly metric: string
  readonly maxRows: number | null
  readonly seed: number
  /** Existing folder for `model.onnx` and `parity.parquet`. */
  readonly outputFolder: string
  /** Folder of the project file, for `custom`. */
  readonly projectFolder: string
}

export interface TrainResult {
  /** File in `outputFolder`. */
  readonly model: string
  /** First validation rows with the original's answers: `row` (index), `p0 … pk-1` or `value`. */
  readonly parity: string
  readonly tensors: {
    readonly numeric: string | null
    readonly categorical: string | null
    readonly output: string
  }
  readonly ranges: Readonly<Record<string, readonly [number, number] | null>>
  readonly categories: Readonly<Record<string, readonly string[]>>
  readonly folds: readonly {
    readonly rows: number
    readonly metrics: Readonly<Record<string, number>>
  }[]
  readonly crossValidation: Readonly<Record<string, number>>
  readonly trainingRows: number
  readonly parameters: Readonly<Record<string, unknown>>
  readonly packages: Readonly<Record<string, string>>
  readonly durationMs: number
  readonly peakMemoryMb: number
  readonly notes: readonly string[]
}

export interface TuneRequest extends Omit<TrainRequest, 'outputFolder'> {
  readonly method: 'grid' | 'random' | 'bayesian'
  readonly trials: number
  readonly timeLimitMs: number
  readonly sample: number
  /** Absent: the estimator's own default space. */
  readonly searchSpace?: Candidate['searchSpace']
}

export interface TuneResult {
  readonly trials: readonly {
    readonly number: number
    readonly parameters: Readonly<Record<string, unknown>>
    readonly value: number | null
    readonly state: 'complete' | 'failed' | 'pruned'
    readonly durationMs: number
  }[]
  readonly best: {
    readonly parameters: Readonly<Record<string, unknown>>
    readonly value: number
  } | null
  readonly stopped: 'trials' | 'time' | 'exhausted'
}

export interface WorkerCallOptions {
  /** Names the work in errors: the candidate. */
  readonly subject: string
  readonly timeLimitMs: number
  readonly memoryLimitMb: number
  readonly signal?: AbortSignal
  readonly onProgress?: (share: number, message: string) => void
}

/**
 * Long-lived Python processes that fit models, spoken to in JSON lines over stdio.
 *
 * A call takes a free worker (starting one if the pool is not full) or waits for one. A worker that
 * crashes, is killed, hangs, or outgrows its limits is ended and replaced; only its call fails.
 * @throws WORKER_CRASHED, WORKER_OUT_OF_MEMORY, WORKER_TIMED_OUT, WORKER_SILENT, WORKER_CANCELLED,
 *   WORKER_FAILED (the worker's own coded error), WORKER_PROTOCOL
 */
export interface WorkerPool {
  train(request: TrainRequest, options: WorkerCallOptions): Promise<TrainResult>
  tune(request: TuneRequest, options: WorkerCallOptions): Promise<TuneResult>
  /** Digest of the worker's code and its locked requirements. */
  readonly workerDigest: string
  /** Ends all processes and waits until they are gone. */
  close(): Promise<void>
}
