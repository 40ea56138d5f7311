export type { ModelCatalog, NewCatalogVersion, VersionTag } from './model-catalog.ts'
export {
  type CatalogVersion,
  type RegisteredModel,
  STAGES,
  type Stage,
} from './registered-model.ts'
