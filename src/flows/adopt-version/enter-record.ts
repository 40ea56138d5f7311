import { contentId } from '../../core/identity/index.ts'
import type { ModelVersion } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { Actor } from '../../platform/database/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { linkRecord } from '../../stages/registry/catalog/index.ts'
import { adoptionErrors } from './errors.ts'

export interface EnterRecordOptions {
  readonly store: RecordStore
  readonly by: Actor
  readonly nowMs: number
  readonly parts: Omit<ModelVersion, 'id' | 'createdAt'>
}

/**
 * Keeps the record of an adopted version and names it in the catalog, both or neither. The same
 * adoption asked for again is the same record.
 * @throws VERSION_ADOPTED_ALREADY when another record stands there
 */
export function enterRecord({
  store,
  by,
  nowMs,
  parts,
}: EnterRecordOptions): Promise<ModelVersion> {
  const { model, version, artifact, threshold, signature, lineage } = parts
  const client = lineage.client && {
    artifactUri: lineage.client.artifactUri,
    files: lineage.client.files,
  }
  const id = contentId('version', {
    model,
    version,
    artifact: artifact.digest,
    threshold,
    signature,
    client,
  })
  return store.within(async (transaction, inner) => {
    const linked = await linkRecord(transaction, { by, model, version, recordId: id, nowMs })
    if (linked.recordId !== id) {
      throw adoptionErrors.VERSION_ADOPTED_ALREADY({ model, version, record: linked.recordId })
    }
    if (linked.changes.length > 0) await store.listener(transaction, linked.changes)
    const known = await inner.get('model-version', id)
    if (known !== undefined) return known
    const record: ModelVersion = { id, ...parts, createdAt: isoTime(nowMs) }
    await inner.put('model-version', id, record)
    return record
  })
}
