export type { VersionChoice } from './choose-version.ts'
export { predictFileErrors } from './errors.ts'
export type { FilePrediction, InvalidRows, PredictFileOptions } from './file-prediction.ts'
export { predictFile } from './predict-file.ts'
