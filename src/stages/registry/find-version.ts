import type { ModelVersion } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { modelRow, versionRow } from './catalog/catalog-rows.ts'
import { registryErrors } from './errors.ts'

export interface FindVersionOptions {
  readonly store: RecordStore
  readonly model: string
  readonly version: number
}

/**
 * The belt's record of a version.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND
 * @throws VERSION_WITHOUT_RECORD for a version that no belt has made
 */
export async function findVersion({
  store,
  model: name,
  version,
}: FindVersionOptions): Promise<ModelVersion> {
  const model = await modelRow(store.queries, name, store.project)
  const row = await versionRow(store.queries, model, version)
  const record =
    row.record_id === null ? undefined : await store.get('model-version', row.record_id)
  if (record === undefined) throw registryErrors.VERSION_WITHOUT_RECORD({ model: name, version })
  return record
}
