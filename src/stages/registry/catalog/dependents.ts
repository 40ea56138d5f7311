import type { Transaction } from '../../../platform/database/index.ts'
import type { CatalogCore } from './catalog-core.ts'
import type { ModelRow, VersionRow } from './catalog-rows.ts'

/** Environments that a version leaves before it may be deleted. */
const GUARDED = ['staging', 'production']

/** What needs a version: environments that guard it, and what lies outside the registry. */
export async function dependentsOf(
  core: CatalogCore,
  transaction: Transaction,
  { model, version }: { readonly model: ModelRow; readonly version: VersionRow },
): Promise<string[]> {
  const standings = await transaction
    .selectFrom('catalog_standings')
    .select('environment')
    .where('model', '=', model.number)
    .where('version', '=', version.version)
    .where('environment', 'in', GUARDED)
    .orderBy('environment')
    .execute()
  const outside = await core.findDependents(transaction, {
    model: model.name,
    project: model.project,
    version: version.version,
  })
  const inside = standings.map(
    ({ environment }) => `version ${version.version} stands in ${environment}`,
  )
  return [...inside, ...outside]
}
