import type { Actor, Change, Transaction } from '../../../platform/database/index.ts'
import { changeBy, versionSubject } from './catalog-core.ts'
import { lockModel, versionRow } from './catalog-rows.ts'

export interface RecordLink {
  readonly by: Actor
  readonly model: string
  readonly version: number
  /** Id of a `model-version` record. */
  readonly recordId: string
  readonly nowMs: number
}

/**
 * Names the platform's record of a version that a client registered. A version that has a record
 * keeps it: compare `recordId`.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND
 */
export async function linkRecord(
  transaction: Transaction,
  { by, model: name, version, recordId, nowMs }: RecordLink,
): Promise<{ readonly recordId: string; readonly changes: readonly Change[] }> {
  const model = await lockModel(transaction, name)
  const row = await versionRow(transaction, model, version)
  if (row.record_id !== null) return { recordId: row.record_id, changes: [] }
  await transaction
    .updateTable('catalog_versions')
    .set({ record_id: recordId, updated_at_ms: nowMs })
    .where('model', '=', row.model)
    .where('version', '=', row.version)
    .execute()
  const change = changeBy(by, {
    action: 'version.adopt',
    subject: versionSubject(model.name, row.version),
    project: model.project,
    after: { recordId },
  })
  return { recordId, changes: [change] }
}
