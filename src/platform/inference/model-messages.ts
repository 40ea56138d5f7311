import type { ModelSignature } from '../../core/records/index.ts'
import type { PackedRows, PredictionBatch } from './model-session.ts'
import type { TrialLimits } from './try-model-apart.ts'

/** A model's file, and what it must be. */
export interface ModelOrder {
  readonly path: string
  readonly signature: ModelSignature
  readonly digest: string
  readonly trial: TrialLimits
}

/** To a thread of models, which knows each by a number. */
export type ThreadRequest =
  | { readonly kind: 'load'; readonly model: number; readonly order: ModelOrder }
  | {
      readonly kind: 'predict'
      readonly model: number
      readonly call: number
      readonly rows: PackedRows
    }
  | { readonly kind: 'close'; readonly model: number }

/** From the thread: an answer or a failure for each call. */
export type ThreadReply =
  | { readonly kind: 'loaded'; readonly model: number }
  | {
      readonly kind: 'refused'
      readonly model: number
      readonly code: string | null
      readonly reason: string
    }
  | { readonly kind: 'closed'; readonly model: number }
  | { readonly kind: 'answer'; readonly call: number; readonly answer: PredictionBatch }
  | { readonly kind: 'failure'; readonly call: number; readonly reason: string }
