import type { Queries } from '../../../platform/database/index.ts'
import { assembleVersions } from './assemble-models.ts'
import { modelRow, type VersionRow, versionRow } from './catalog-rows.ts'
import type { CatalogVersion } from './registered-model.ts'

/** One version with all that hangs on it. */
export async function assembleVersion(queries: Queries, row: VersionRow): Promise<CatalogVersion> {
  const [version] = await assembleVersions(queries, [row])
  if (version === undefined) throw new TypeError(`no version assembled for ${row.version}`)
  return version
}

/** @throws MODEL_NAME_INVALID, MODEL_NOT_FOUND, VERSION_NOT_FOUND */
export async function readVersion(
  queries: Queries,
  at: { readonly model: string; readonly version: number },
): Promise<CatalogVersion> {
  const model = await modelRow(queries, at.model)
  return assembleVersion(queries, await versionRow(queries, model, at.version))
}
