import type { Clock } from '../../../core/time/index.ts'
import type { ChangeListener, Database } from '../../../platform/database/index.ts'
import { aliasOperations } from './alias-operations.ts'
import type { CatalogCore, FindDependents } from './catalog-core.ts'
import type { ModelCatalog } from './model-catalog.ts'
import { modelOperations } from './model-operations.ts'
import { searchOperations } from './search-operations.ts'
import { versionOperations } from './version-operations.ts'

export interface CatalogOptions {
  readonly clock: Clock
  /** Told of every change in its transaction. */
  readonly listener?: ChangeListener | undefined
  /** Finds what needs a version outside the registry, such as endpoints. */
  readonly findDependents?: FindDependents | undefined
}

/** The registry of models over a metadata database, SQLite or PostgreSQL. */
export function createModelCatalog(database: Database, options: CatalogOptions): ModelCatalog {
  const core = catalogCore(database, options)
  return {
    ...modelOperations(core),
    ...versionOperations(core),
    ...aliasOperations(core),
    ...searchOperations(core),
  }
}

/** The parts that the catalog and its governance stand on. */
export function catalogCore(database: Database, options: CatalogOptions): CatalogCore {
  return {
    database,
    clock: options.clock,
    listener: options.listener ?? (async () => {}),
    findDependents: options.findDependents ?? (async () => []),
  }
}
