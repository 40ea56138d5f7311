export { type AttachRecordOptions, attachRecord } from './attach-record.ts'
export {
  compareVersions,
  type Difference,
  fetchCompared,
  type MetricDifference,
  type VersionComparison,
} from './compare-versions.ts'
export { type EnvironmentHistoryOptions, environmentHistory } from './environment-history.ts'
export { registryErrors } from './errors.ts'
export { type FindVersionOptions, findVersion } from './find-version.ts'
export type { ListVersionsOptions } from './list-versions.ts'
export { type PromoteVersionOptions, promoteVersion } from './promote-version.ts'
export {
  type ModelVersionParts,
  type RegisterVersionOptions,
  registerVersion,
} from './register-version.ts'
export { type RollBackEnvironmentOptions, rollBackEnvironment } from './roll-back-environment.ts'
export {
  type VersionInEnvironmentOptions,
  type VersionStanding,
  versionInEnvironment,
} from './version-in-environment.ts'
