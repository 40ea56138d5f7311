import { contentId } from '../../core/identity/index.ts'
import type { Lineage, ModelVersion } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { Actor } from '../../platform/database/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { changeBy, versionSubject } from './catalog/catalog-core.ts'
import { lockModel, versionRow } from './catalog/catalog-rows.ts'
import { catalogErrors } from './catalog/errors.ts'
import type { ModelVersionParts } from './register-version.ts'

export interface AttachRecordOptions extends Omit<ModelVersionParts, 'lineage'> {
  readonly lineage: Lineage
  readonly store: RecordStore
  /** The number under which a client registered it. */
  readonly version: number
  readonly by: Actor
  readonly nowMs: number
}

/**
 * Gives a client's version the record by which it can be served. The first record stays: the same
 * parts again are no change.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, MODEL_BELONGS_ELSEWHERE
 * @throws VERSION_RECORDED when it has a record of other parts
 */
export function attachRecord(options: AttachRecordOptions): Promise<ModelVersion> {
  const { store, version: number, by, nowMs, ...parts } = options
  const { model: name, artifact, signature, threshold, lineage } = parts
  const id = contentId('version', {
    model: name,
    version: number,
    artifact: artifact.digest,
    signature,
    threshold,
    lineage,
  })
  return store.within(async (transaction, inner) => {
    const model = await lockModel(transaction, name, store.project)
    if (model.project !== store.project) {
      const { project: owner } = model
      throw catalogErrors.MODEL_BELONGS_ELSEWHERE({ model: name, project: store.project, owner })
    }
    const row = await versionRow(transaction, model, number)
    if (row.record_id !== null && row.record_id !== id) {
      throw catalogErrors.VERSION_RECORDED({ model: name, version: number, record: row.record_id })
    }
    const known = await inner.get('model-version', id)
    if (known !== undefined) return known
    const record: ModelVersion = { id, ...parts, version: number, createdAt: isoTime(nowMs) }
    await inner.put('model-version', id, record)
    await transaction
      .updateTable('catalog_versions')
      .set({ record_id: id, updated_at_ms: nowMs })
      .where('model', '=', row.model)
      .where('version', '=', row.version)
      .execute()
    const audit = changeBy(by, {
      action: 'version.adopt',
      subject: versionSubject(name, number),
      project: model.project,
      after: { record: id },
    })
    await store.listener(transaction, [audit])
    return record
  })
}
