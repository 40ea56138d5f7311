import type { LabelEntry, PredictionEntry } from '../../core/records/index.ts'

export interface LabelledPrediction extends PredictionEntry {
  /** Present when the label was known by `labelsKnownByMs`. */
  readonly label: string | null
}

/**
 * Every answered prediction, and the labels that came later. Writing an id twice keeps the first
 * prediction (a retried request is one decision) and the last label.
 */
export interface PredictionLog {
  append(entries: readonly PredictionEntry[]): void
  appendLabels(labels: readonly LabelEntry[]): void
  /** Predictions asked in [fromMs, toMs), by time; labels known by `labelsKnownByMs` (default: all). */
  window(options: {
    readonly endpoint: string
    readonly fromMs: number
    readonly toMs: number
    readonly version?: number
    readonly labelsKnownByMs?: number
  }): LabelledPrediction[]
  count(endpoint: string): number
  close(): void
}
