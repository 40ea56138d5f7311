import type { RecordStore } from '../../platform/storage/index.ts'
import { assembleVersions } from './catalog/assemble-models.ts'
import type { CatalogVersion } from './catalog/registered-model.ts'

export interface ListVersionsOptions {
  readonly store: RecordStore
  /** All models of the project when absent. */
  readonly model?: string
}

/** Versions of the project's models, whoever registered them, newest number first. */
export async function listVersions({
  store,
  model,
}: ListVersionsOptions): Promise<CatalogVersion[]> {
  let query = store.queries
    .selectFrom('catalog_versions as v')
    .innerJoin('catalog_models as m', 'm.number', 'v.model')
    .selectAll('v')
    .where('m.project', '=', store.project)
    .where('v.deleted_at_ms', 'is', null)
  if (model !== undefined) query = query.where('m.name', '=', model)
  const rows = await query.orderBy('v.version', 'desc').orderBy('m.name').execute()
  return assembleVersions(store.queries, rows)
}
