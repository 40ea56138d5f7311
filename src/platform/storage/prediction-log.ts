import type {
  ExposureEntry,
  LabelEntry,
  MirrorEntry,
  PredictionEntry,
} from '../../core/records/index.ts'

export interface LabelledPrediction extends PredictionEntry {
  /** Present when the label was known by `labelsKnownByMs`. */
  readonly label: string | null
}

/** A key's first exposure to an arm of an A/B run, with the prediction that it was given. */
export interface ExposedPrediction {
  readonly exposure: ExposureEntry
  readonly prediction: LabelledPrediction
}

/**
 * Every answered prediction, and the labels that came later. Writing an id twice keeps the first
 * prediction (a retried request is one decision) and the last label.
 */
export interface PredictionLog {
  /** Keeps predictions with the exposures they were; of a key's exposures in a run, the first. */
  append(entries: readonly PredictionEntry[], exposures?: readonly ExposureEntry[]): void
  appendLabels(labels: readonly LabelEntry[]): void
  /** Predictions asked in [fromMs, toMs), by time; labels known by `labelsKnownByMs` (default: all). */
  window(options: {
    readonly endpoint: string
    readonly fromMs: number
    readonly toMs: number
    readonly version?: number
    readonly labelsKnownByMs?: number
  }): LabelledPrediction[]
  /** Exposures of an A/B run before toMs, by time; labels known by `labelsKnownByMs` (default: all). */
  exposed(options: {
    readonly test: string
    readonly toMs: number
    readonly labelsKnownByMs?: number
  }): ExposedPrediction[]
  /** What mirroring to a shadow showed. */
  appendMirrored(entries: readonly MirrorEntry[]): void
  /** Of requests asked in [fromMs, toMs), by time. */
  mirrored(options: {
    readonly endpoint: string
    readonly version: number
    readonly fromMs: number
    readonly toMs: number
  }): MirrorEntry[]
  count(endpoint: string): number
  close(): void
}
