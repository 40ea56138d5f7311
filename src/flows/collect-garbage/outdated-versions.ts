import type { Queries } from '../../platform/database/index.ts'

/** Versions beyond the newest so many of each model, but for those that stand somewhere. */
export async function outdatedVersions(
  queries: Queries,
  keepVersions: number | undefined,
): Promise<{ readonly model: string; readonly version: number }[]> {
  if (keepVersions === undefined) return []
  const rows = await queries
    .selectFrom('catalog_versions as v')
    .innerJoin('catalog_models as m', 'm.number', 'v.model')
    .leftJoin('catalog_standings as s', (join) =>
      join.onRef('s.model', '=', 'v.model').onRef('s.version', '=', 'v.version'),
    )
    .leftJoin('catalog_aliases as a', (join) =>
      join.onRef('a.model', '=', 'v.model').onRef('a.version', '=', 'v.version'),
    )
    .select(['m.name as model', 'v.version'])
    .distinct()
    .where('v.deleted_at_ms', 'is', null)
    .where('s.environment', 'is', null)
    .where('a.alias', 'is', null)
    .orderBy('m.name')
    .orderBy('v.version', 'desc')
    .execute()
  const ofModel = Map.groupBy(rows, ({ model }) => model)
  return [...ofModel.values()].flatMap((versions) => versions.slice(keepVersions))
}
