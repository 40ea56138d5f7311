import type { z } from 'zod'
import {
  beltRunSchema,
  datasetRecordSchema,
  environmentChangeSchema,
  evaluationSchema,
  failedRunSchema,
  feasibilitySchema,
  featureTableSchema,
  frameSchema,
  modelVersionSchema,
  monitorWindowSchema,
  retrainingDecisionSchema,
  retrainingOutcomeSchema,
  rolloutDecisionSchema,
  runRecipeSchema,
  runSchema,
  selectionSchema,
  snapshotSchema,
  tuningResultSchema,
  verdictSchema,
} from './belt/index.ts'

/** Every kind of immutable record the metadata store keeps, with its schema. */
export const RECORD_KINDS = {
  snapshot: snapshotSchema,
  dataset: datasetRecordSchema,
  'feature-table': featureTableSchema,
  frame: frameSchema,
  feasibility: feasibilitySchema,
  selection: selectionSchema,
  run: runSchema,
  'run-recipe': runRecipeSchema,
  'failed-run': failedRunSchema,
  tuning: tuningResultSchema,
  evaluation: evaluationSchema,
  verdict: verdictSchema,
  'model-version': modelVersionSchema,
  'environment-change': environmentChangeSchema,
  'rollout-decision': rolloutDecisionSchema,
  'monitor-window': monitorWindowSchema,
  'retraining-decision': retrainingDecisionSchema,
  'retraining-outcome': retrainingOutcomeSchema,
  'belt-run': beltRunSchema,
} as const

export type RecordKind = keyof typeof RECORD_KINDS
export type RecordOf<K extends RecordKind> = z.output<(typeof RECORD_KINDS)[K]>
