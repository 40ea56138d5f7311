import type {
  ExposureEntry,
  LabelEntry,
  MirrorEntry,
  PredictionEntry,
} from '../../core/records/index.ts'
import type { InputRow } from './input-row.ts'

export interface LabelledPrediction extends PredictionEntry {
  /** Present when the label was known by `labelsKnownByMs`. */
  readonly label: string | null
}

/** A key's first exposure to an arm of an A/B run, with the prediction that it was given. */
export interface ExposedPrediction {
  readonly exposure: ExposureEntry
  readonly prediction: LabelledPrediction
}

/** How much an acknowledged write survives. */
export interface WriteOptions {
  /**
   * `process`: the bytes are with the operating system, so that a killed process loses nothing;
   * `disk`: they are on the disk, so that a loss of power loses nothing either.
   * @default 'process'
   */
  readonly durability?: 'process' | 'disk'
}

/** Whose predictions: asked in [fromMs, toMs), milliseconds since 1970. */
export interface WindowQuery {
  readonly endpoint: string
  readonly fromMs: number
  readonly toMs: number
  /** @default every version */
  readonly version?: number
  /** Labels that became known later are not shown. @default all labels */
  readonly labelsKnownByMs?: number
  /**
   * Of more rows a uniform sample, the same at each look: those whose ids have the smallest hashes.
   * @default all rows
   */
  readonly atMost?: number
}

/** Exposures of an A/B run before toMs. */
export interface ExposureQuery {
  readonly test: string
  readonly toMs: number
  /** Labels that became known later are not shown. @default all labels */
  readonly labelsKnownByMs?: number
}

/** What mirroring to one version showed of requests asked in [fromMs, toMs). */
export interface MirrorQuery {
  readonly endpoint: string
  readonly version: number
  readonly fromMs: number
  readonly toMs: number
}

/** A prediction as it is handed to the log. */
export type WrittenPrediction = Omit<PredictionEntry, 'inputs'> & {
  readonly inputs: PredictionEntry['inputs'] | InputRow
}

/**
 * Every answered prediction, and the labels that came later. Writing an id twice keeps the first
 * prediction (a retried request is one decision) and the last label.
 *
 * A call of `append…` is kept whole or not at all, and is acknowledged when its promise resolves.
 * A read sees everything that was acknowledged before it began, by whichever process.
 *
 * Writes throw ENTRY_INVALID, STORAGE_FULL, LOG_WRITE_FAILED, LOG_BEHIND or LOG_CLOSED; reads throw
 * MANIFEST_UNREADABLE, TABLE_UNREADABLE, STORAGE_FULL or LOG_CLOSED.
 */
export interface PredictionLog {
  /** Keeps predictions with the exposures they were; of a key's exposures in a run, the first. */
  append(
    entries: readonly WrittenPrediction[],
    exposures?: readonly ExposureEntry[],
    options?: WriteOptions,
  ): Promise<void>
  appendLabels(labels: readonly LabelEntry[], options?: WriteOptions): Promise<void>
  /** What mirroring to a shadow showed. */
  appendMirrored(entries: readonly MirrorEntry[]): Promise<void>
  /** By time, then in the order of writing. */
  window(query: WindowQuery): Promise<LabelledPrediction[]>
  /** How many predictions a window has, whatever `atMost` says. */
  windowSize(query: WindowQuery): Promise<number>
  /** By time, then by key. */
  exposed(query: ExposureQuery): Promise<ExposedPrediction[]>
  /** By time, then in the order of writing. */
  mirrored(query: MirrorQuery): Promise<MirrorEntry[]>
  /** Predictions of an endpoint, each id once. */
  count(endpoint: string): Promise<number>
  /** After the writes under way; writes and reads that come later are refused. */
  close(): Promise<void>
}
