export { compactLog } from './compact-log.ts'
export { predictionLogErrors } from './errors.ts'
export { InputRow } from './input-row.ts'
export { openPredictionLog, type PredictionLogOptions } from './open-prediction-log.ts'
export type {
  ExposedPrediction,
  LabelledPrediction,
  PredictionLog,
  WriteOptions,
  WrittenPrediction,
} from './prediction-log.ts'
