export type { Experiment, Lifecycle, Tags } from './experiment.ts'
export { LOGGED_MODEL_STATUSES, type LoggedModel, type LoggedModelStatus } from './logged-model.ts'
export {
  type DatasetInput,
  type LogBatch,
  type MetricPoint,
  type ModelOutput,
  type Parameter,
  RUN_STATUSES,
  type Run,
  type RunStatus,
} from './run.ts'
export type {
  NewExperiment,
  NewLoggedModel,
  NewRun,
  Page,
  RunChange,
  SampledMetrics,
  SearchOptions,
  TrackingStore,
  View,
} from './tracking-store.ts'
