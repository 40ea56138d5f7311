import type { Metrics } from '../../core/records/index.ts'
import type { Moments } from '../../core/statistics/index.ts'
import type { PredictionDrift } from './prediction-drift.ts'

/** What one revision did in a span of time. */
export interface RevisionEvidence {
  /** All requests it was chosen for, failed ones included. */
  readonly requests: number
  readonly errors: number
  /** Null when it answered nothing. */
  readonly latencyP95Ms: number | null
  /** Mean value of a labelled decision; null without labels or without declared value. */
  readonly valuePerDecision: number | null
  /** Labelled predictions behind `valuePerDecision` and `metrics`. */
  readonly labelled: number
  /** Of the labelled predictions; a metric that is not defined on them is absent. */
  readonly metrics?: Metrics
}

/** An A/B run so far: one observation a key, from the first decision of it that has a label. */
export interface AbEvidence {
  /** Keys that met each arm. */
  readonly exposed: { readonly control: number; readonly treatment: number }
  /** The declared metric over the labelled keys. */
  readonly control: Moments
  readonly treatment: Moments
  /** The value of the same decisions; null when the problem declares none. */
  readonly money: {
    readonly control: Moments
    readonly treatment: Moments
    readonly currency: string
    readonly decisionsPerMonth: number
  } | null
}

/** What mirroring showed so far. */
export interface ShadowEvidence {
  /** Rows answered by both. */
  readonly compared: number
  readonly failed: number
  /** Requests that were not mirrored since too many waited. */
  readonly dropped: number
  /** Over rows, of the mean absolute difference of a row's numbers; null before the first. */
  readonly meanDifference: number | null
  readonly maxDifference: number | null
  /** Rows decided in another way; null when nothing is decided. */
  readonly changedShare: number | null
}

/** Both revisions over the same span: since the rollout's present step began. */
export interface RolloutEvidence {
  readonly stable: RevisionEvidence
  readonly challenger: RevisionEvidence
  readonly drift?: PredictionDrift | null
  /** Of an A/B run. */
  readonly ab?: AbEvidence
  /** Of a shadow. */
  readonly shadow?: ShadowEvidence
}
