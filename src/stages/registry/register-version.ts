import { contentId } from '../../core/identity/index.ts'
import type { ModelVersion } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'

/** What a version is made of. */
export type ModelVersionParts = Omit<ModelVersion, 'id' | 'version' | 'createdAt'>

export interface RegisterVersionOptions extends ModelVersionParts {
  readonly store: RecordStore
  readonly nowMs: number
}

/**
 * Enters a model into the registry under the model's next number. The same file with the same
 * threshold and lineage is the same version again, whenever it is asked for, whether the call is
 * repeated, resumed after a crash, or made by two processes.
 */
export function registerVersion({
  store,
  nowMs,
  ...parts
}: RegisterVersionOptions): Promise<ModelVersion> {
  const { model, artifact, threshold, lineage } = parts
  const id = contentId('version', { model, artifact: artifact.digest, threshold, lineage })
  return store.transaction(async (inner) => {
    const known = await inner.get('model-version', id)
    if (known !== undefined) return known
    const version = await inner.allocateVersion(parts.model, id)
    const record: ModelVersion = { id, ...parts, version, createdAt: isoTime(nowMs) }
    await inner.put('model-version', id, record)
    return record
  })
}
