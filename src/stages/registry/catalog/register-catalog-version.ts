import type { Actor, Transaction } from '../../../platform/database/index.ts'
import { assembleVersion } from './assemble-version.ts'
import { changeBy, type Outcome, versionSubject } from './catalog-core.ts'
import { lockModel, type ModelRow, type VersionRow } from './catalog-rows.ts'
import type { NewCatalogVersion } from './model-catalog.ts'
import { requireTags } from './names.ts'
import type { CatalogVersion } from './registered-model.ts'

export interface VersionRegistration {
  readonly by: Actor
  readonly given: NewCatalogVersion
  readonly nowMs: number
}

/**
 * Gives the version the model's next number. A belt's record that has a version already gets that
 * version again; a deleted one comes back under its number, for its record still names it.
 */
export async function registerCatalogVersion(
  transaction: Transaction,
  { by, given, nowMs }: VersionRegistration,
): Promise<Outcome<CatalogVersion>> {
  requireTags(given.tags ?? {})
  const model = await lockModel(transaction, given.model)
  const known = await recordedVersion(transaction, model, given.recordId)
  if (known !== undefined && known.deleted_at_ms === null) {
    return { value: await assembleVersion(transaction, known), changes: [] }
  }
  const row =
    known === undefined
      ? await insertVersion(transaction, { model, given, nowMs })
      : await reviveVersion(transaction, known, nowMs)
  const change = changeBy(by, {
    action: known === undefined ? 'version.create' : 'version.restore',
    subject: versionSubject(model.name, row.version),
    project: model.project,
    after: { source: row.source, artifactUri: row.artifact_uri, runId: row.run_id },
  })
  return { value: await assembleVersion(transaction, row), changes: [change] }
}

function recordedVersion(
  transaction: Transaction,
  model: ModelRow,
  recordId: string | undefined,
): Promise<VersionRow | undefined> {
  if (recordId === undefined) return Promise.resolve(undefined)
  return transaction
    .selectFrom('catalog_versions')
    .selectAll()
    .where('model', '=', model.number)
    .where('record_id', '=', recordId)
    .executeTakeFirst()
}

interface VersionInsertion {
  readonly model: ModelRow
  readonly given: NewCatalogVersion
  readonly nowMs: number
  /** The next one when absent. */
  readonly number?: number | undefined
}

export async function insertVersion(
  transaction: Transaction,
  { model, given, nowMs, number }: VersionInsertion,
): Promise<VersionRow> {
  const version = number ?? model.last_version + 1
  await transaction
    .updateTable('catalog_models')
    .set({ last_version: Math.max(version, model.last_version), updated_at_ms: nowMs })
    .where('number', '=', model.number)
    .execute()
  const createdAtMs = given.createdAtMs ?? nowMs
  const row = await transaction
    .insertInto('catalog_versions')
    .values({
      model: model.number,
      version,
      created_at_ms: createdAtMs,
      updated_at_ms: createdAtMs,
      description: given.description ?? '',
      user_name: given.user,
      stage: 'None',
      source: given.source,
      artifact_uri: given.artifactUri,
      run_id: given.runId ?? null,
      run_link: given.runLink ?? null,
      model_id: given.modelId ?? null,
      status: 'READY',
      record_id: given.recordId ?? null,
      evaluation: given.judgement?.evaluation ?? null,
      verdict: given.judgement?.verdict ?? null,
      outcome: given.judgement?.outcome ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  const tags = Object.entries(given.tags ?? {}).map(([key, value]) => ({
    model: model.number,
    version,
    key,
    value,
  }))
  if (tags.length > 0) await transaction.insertInto('catalog_version_tags').values(tags).execute()
  return row
}

function reviveVersion(
  transaction: Transaction,
  { model, version }: VersionRow,
  nowMs: number,
): Promise<VersionRow> {
  return transaction
    .updateTable('catalog_versions')
    .set({ deleted_at_ms: null, updated_at_ms: nowMs, stage: 'None' })
    .where('model', '=', model)
    .where('version', '=', version)
    .returningAll()
    .executeTakeFirstOrThrow()
}
