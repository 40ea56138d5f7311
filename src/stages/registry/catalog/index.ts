export type { FindDependents, VersionUse } from './catalog-core.ts'
export { type CatalogOptions, createModelCatalog } from './create-model-catalog.ts'
export { catalogErrors } from './errors.ts'
export type { Approval, EventSubject, Evidence, RegistryEvent } from './history.ts'
export { type ImportedVersion, importVersion } from './import-version.ts'
export type { ModelCatalog, NewCatalogVersion, VersionTag } from './model-catalog.ts'
export {
  type CatalogVersion,
  type RegisteredModel,
  STAGES,
  type Stage,
} from './registered-model.ts'
