export { inferenceErrors } from './errors.ts'
export { type LoadModelOptions, loadModel } from './load-model.ts'
export type { ColumnBatch, ModelSession, PredictionBatch } from './model-session.ts'
export { type FramePartRows, type ReadFramePartOptions, readFramePart } from './read-frame-part.ts'
