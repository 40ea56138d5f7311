import type { ModelSignature } from '../../core/records/index.ts'
import type { ColumnBatch, PredictionBatch } from './model-session.ts'
import type { TrialLimits } from './try-model-apart.ts'

/** What a thread is started with: a model's file, and what it must be. */
export interface ThreadOrder {
  readonly path: string
  readonly signature: ModelSignature
  readonly digest: string
  readonly trial: TrialLimits
}

/** To the thread: a batch to answer; null to let go of the model and end. */
export type ThreadRequest = { readonly call: number; readonly batch: ColumnBatch } | null

/** From the thread: once `loaded` or `refused`, then an answer or a failure for each call. */
export type ThreadReply =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'refused'; readonly code: string | null; readonly reason: string }
  | { readonly kind: 'answer'; readonly call: number; readonly answer: PredictionBatch }
  | { readonly kind: 'failure'; readonly call: number; readonly reason: string }
