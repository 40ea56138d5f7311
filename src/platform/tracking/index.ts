export { createTrackingStore, type TrackingStoreOptions } from './create-tracking-store.ts'
export { trackingErrors } from './errors.ts'
export type { Experiment, Lifecycle, Tags } from './experiment.ts'
export type { Comparator, Comparison, EntryKind, OrderTerm } from './filter/comparison.ts'
export {
  type AttributeGrammar,
  type FilterGrammar,
  MODEL_VERSION_GRAMMAR,
  REGISTERED_MODEL_GRAMMAR,
} from './filter/filter-grammar.ts'
export { parseFilter } from './filter/parse-filter.ts'
export { parseOrder } from './filter/parse-order.ts'
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
  LoggedModelDataset,
  LoggedModelSearch,
  NewExperiment,
  NewLoggedModel,
  NewRun,
  Page,
  RunChange,
  RunCount,
  SampledMetrics,
  SearchOptions,
  TrackingStore,
  View,
} from './tracking-store.ts'
