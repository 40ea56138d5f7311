import type { Queries } from '../../../platform/database/index.ts'
import { assembleVersion } from '../catalog/assemble-version.ts'
import { findModelRow } from '../catalog/catalog-rows.ts'
import { registryHistory } from '../catalog/history.ts'
import type { CatalogVersion } from '../catalog/registered-model.ts'
import type { Place, Standing } from './governance.ts'

/** What stood there then, by the newest event up to that moment. */
export async function standingAt(
  queries: Queries,
  at: { readonly model: string; readonly place: Place; readonly atMs?: number | undefined },
): Promise<Standing | undefined> {
  const { model, place, atMs } = at
  const [event] = await registryHistory(queries, {
    model,
    subject: place.alias === undefined ? 'environment' : 'alias',
    place: place.alias ?? place.environment,
    untilMs: atMs,
    limit: 1,
  })
  if (event === undefined || event.version === null) return undefined
  const details = await knownVersion(queries, model, event.version)
  return { version: event.version, event, details }
}

async function knownVersion(
  queries: Queries,
  name: string,
  version: number,
): Promise<CatalogVersion | null> {
  const model = await findModelRow(queries, name)
  const row =
    model &&
    (await queries
      .selectFrom('catalog_versions')
      .selectAll()
      .where('model', '=', model.number)
      .where('version', '=', version)
      .where('deleted_at_ms', 'is', null)
      .executeTakeFirst())
  return row === undefined ? null : assembleVersion(queries, row)
}
