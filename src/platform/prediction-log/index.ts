export { compactLog } from './compact-log.ts'
export { predictionLogErrors } from './errors.ts'
export { openPredictionLog, type PredictionLogOptions } from './open-prediction-log.ts'
export type {
  ExposedPrediction,
  LabelledPrediction,
  PredictionLog,
  WriteOptions,
} from './prediction-log.ts'
