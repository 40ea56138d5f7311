export { inferenceErrors } from './errors.ts'
export { inspectOnnx, type OnnxInspection } from './inspect-onnx.ts'
export { type LoadModelOptions, loadModel } from './load-model.ts'
export type { ColumnBatch, ModelSession, PredictionBatch } from './model-session.ts'
