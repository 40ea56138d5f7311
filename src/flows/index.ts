export {
  type Adoption,
  type AdoptVersionOptions,
  adoptVersion,
} from './adopt-version/adopt-version.ts'
export {
  type ChangeRequest,
  type EnvironmentOutcome,
  promote,
  rollBack,
} from './change-environment.ts'
export * from './collect-garbage/index.ts'
export { flowErrors } from './errors.ts'
export { findDependents } from './find-dependents.ts'
export {
  type ExperimentCheck,
  type ImportCounts,
  type ImportOptions,
  type ImportProblem,
  type ImportReport,
  importErrors,
  importMlflow,
  type MlflowSource,
  type OpenSourceOptions,
  openSource,
} from './import-mlflow/index.ts'
export { keepWatch, type TakeLook } from './keep-watch.ts'
export { type LookFacts, type LookNews, lookAtEndpoint } from './look-at-endpoint.ts'
export * from './package-endpoint/index.ts'
export { type OpenPlatformOptions, openPlatform, type Platform } from './platform.ts'
export * from './predict-file/index.ts'
export { type ModelCard, type ReadCardOptions, readCard } from './read-card.ts'
export type { RunningGateway, StartGateway } from './replay/gateway-port.ts'
export { type ReplayOptions, type ReplaySummary, replay } from './replay/replay.ts'
export { reproduceRun } from './reproduce-run.ts'
export * from './rollout/index.ts'
export { type RunBeltOptions, runBelt } from './run-belt.ts'
export { followAliases } from './track-belt/index.ts'
