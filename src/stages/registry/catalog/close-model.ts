import { ENVIRONMENTS } from '../../../core/records/index.ts'
import type { Actor, Change, Transaction } from '../../../platform/database/index.ts'
import { leaveEnvironment } from '../governance/leave-environment.ts'
import { type CatalogCore, changeBy, modelSubject, versionSubject } from './catalog-core.ts'
import type { ModelRow, VersionRow } from './catalog-rows.ts'
import { dependentsOf } from './dependents.ts'
import { catalogErrors } from './errors.ts'
import { appendEvent } from './history.ts'

const DELETED = 'deleted'

/**
 * Deletes a model with all its versions: marked here, collected as garbage later. The history stays.
 * @throws MODEL_IN_USE when a version stands in staging or production, or something outside needs it
 */
export async function closeModel(
  core: CatalogCore,
  transaction: Transaction,
  { model, by }: { readonly model: ModelRow; readonly by: Actor },
): Promise<Change[]> {
  const versions = await transaction
    .selectFrom('catalog_versions')
    .selectAll()
    .where('model', '=', model.number)
    .where('deleted_at_ms', 'is', null)
    .execute()
  const dependents: string[] = []
  for (const version of versions) {
    dependents.push(...(await dependentsOf(core, transaction, { model, version })))
  }
  if (dependents.length > 0) throw catalogErrors.MODEL_IN_USE({ model: model.name, dependents })
  for (const version of versions) await closeVersion(core, transaction, { model, version, by })
  const nowMs = core.clock.now()
  await appendEvent(transaction, {
    model,
    by,
    atMs: nowMs,
    subject: 'model',
    place: '',
    action: 'delete',
    version: null,
    previous: null,
    reason: DELETED,
  })
  await transaction
    .updateTable('catalog_models')
    .set({ deleted_at_ms: nowMs, updated_at_ms: nowMs })
    .where('number', '=', model.number)
    .execute()
  const change = changeBy(by, {
    action: 'model.delete',
    subject: modelSubject(model.name),
    project: model.project,
    before: { name: model.name, versions: versions.length },
  })
  return [change]
}

export interface VersionClosing {
  readonly model: ModelRow
  readonly version: VersionRow
  readonly by: Actor
}

/** Marks a version as deleted and takes its aliases and environments from it. */
export async function closeVersion(
  core: CatalogCore,
  transaction: Transaction,
  { model, version, by }: VersionClosing,
): Promise<Change> {
  const atMs = core.clock.now()
  const event = { model, by, atMs, version: null, previous: version.version, reason: DELETED }
  const aliases = await transaction
    .deleteFrom('catalog_aliases')
    .where('model', '=', model.number)
    .where('version', '=', version.version)
    .returning('alias')
    .execute()
  for (const { alias } of aliases) {
    await appendEvent(transaction, { ...event, subject: 'alias', place: alias, action: 'remove' })
  }
  const standings = await transaction
    .selectFrom('catalog_standings')
    .select('environment')
    .where('model', '=', model.number)
    .where('version', '=', version.version)
    .execute()
  for (const environment of ENVIRONMENTS) {
    if (!standings.some((standing) => standing.environment === environment)) continue
    await leaveEnvironment(transaction, { ...event, environment, version: version.version })
  }
  const { version: number } = version
  await appendEvent(transaction, {
    ...event,
    subject: 'version',
    place: '',
    action: 'delete',
    version: number,
    previous: null,
  })
  await transaction
    .updateTable('catalog_versions')
    .set({ deleted_at_ms: atMs, updated_at_ms: atMs })
    .where('model', '=', model.number)
    .where('version', '=', number)
    .execute()
  return changeBy(by, {
    action: 'version.delete',
    subject: versionSubject(model.name, number),
    project: model.project,
    before: { source: version.source, recordId: version.record_id },
  })
}
