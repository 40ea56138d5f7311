export { inferenceErrors } from './errors.ts'
export { estimateMemory } from './estimate-memory.ts'
export { type LoadModelOptions, loadModel } from './load-model.ts'
export type { ModelOrder } from './model-messages.ts'
export type {
  ColumnBatch,
  ModelSession,
  PackedRows,
  PredictionBatch,
} from './model-session.ts'
export { type ModelThread, openModelThread } from './model-thread.ts'
export { nameColumns, type OutputColumn, outputColumns } from './name-columns.ts'
export { probeBatch } from './probe-batch.ts'
export { type FramePartRows, type ReadFramePartOptions, readFramePart } from './read-frame-part.ts'
