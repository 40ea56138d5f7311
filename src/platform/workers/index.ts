export { createWorkerPool, type WorkerPoolOptions } from './create-worker-pool.ts'
export { workerErrors } from './errors.ts'
export { type FoundPython, findPython } from './find-python.ts'
export {
  type EnvironmentOptions,
  ensurePythonEnvironment,
  type PythonEnvironment,
} from './python-environment.ts'
export {
  type ClientModel,
  type ClientModelColumn,
  type ClientModelFormat,
  type ClientModelLimits,
  type ClientModelRefusal,
  readClientModel,
} from './read-client-model.ts'
export { type OnceOptions, type OnceOutcome, runOnce } from './run-once.ts'
export type {
  TrainRequest,
  TrainResult,
  TuneRequest,
  TuneResult,
  WorkerCallOptions,
  WorkerColumns,
  WorkerPool,
} from './worker-pool.ts'
