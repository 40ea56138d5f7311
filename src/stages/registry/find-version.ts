import type { ModelVersion } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { registryErrors } from './errors.ts'

/** More versions than a registry of one project will hold. */
const ALL_VERSIONS = 1_000_000

export interface ListVersionsOptions {
  readonly store: RecordStore
  /** All models when absent. */
  readonly model?: string
}

/** Versions of a model, newest number first. */
export async function listVersions({ store, model }: ListVersionsOptions): Promise<ModelVersion[]> {
  const stored = await store.list('model-version', { limit: ALL_VERSIONS })
  return stored
    .map(({ record }) => record)
    .filter((record) => model === undefined || record.model === model)
    .sort((a, b) => b.version - a.version)
}

export interface FindVersionOptions {
  readonly store: RecordStore
  readonly model: string
  readonly version: number
}

/** @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND */
export async function findVersion({
  store,
  model,
  version,
}: FindVersionOptions): Promise<ModelVersion> {
  const all = await listVersions({ store })
  const ofModel = all.filter((record) => record.model === model)
  if (ofModel.length === 0) {
    const known = [...new Set(all.map((record) => record.model))]
    throw registryErrors.MODEL_NOT_FOUND({ model, known })
  }
  const found = ofModel.find((record) => record.version === version)
  if (found === undefined) {
    const known = ofModel.map((record) => record.version)
    throw registryErrors.VERSION_NOT_FOUND({ model, version, known })
  }
  return found
}
