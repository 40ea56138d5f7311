import { ENVIRONMENTS } from '../../../core/records/index.ts'
import type { Actor, Transaction } from '../../../platform/database/index.ts'
import { assembleVersion } from '../catalog/assemble-version.ts'
import { type CatalogCore, changeBy, changing, versionSubject } from '../catalog/catalog-core.ts'
import { lockModel, type ModelRow, type VersionRow, versionRow } from '../catalog/catalog-rows.ts'
import { catalogErrors } from '../catalog/errors.ts'
import { appendEvent } from '../catalog/history.ts'
import type { CatalogVersion } from '../catalog/registered-model.ts'
import { evidenceOf } from './enter-environment.ts'
import type { Governance } from './governance.ts'
import { requireReason } from './require-reason.ts'

/** Takes a version that nothing depends on out of use for good. */
export async function retireVersion(
  core: CatalogCore,
  by: Actor,
  wish: Parameters<Governance['retire']>[1],
): Promise<CatalogVersion> {
  requireReason('Retiring a version', wish.reason)
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, wish.model)
    const version = await versionRow(transaction, model, wish.version)
    if (version.retired_at_ms !== null) {
      return { value: await assembleVersion(transaction, version), changes: [] }
    }
    const dependents = await allDependents(core, transaction, { model, version })
    if (dependents.length > 0) {
      const { model: name, version: number } = wish
      throw catalogErrors.VERSION_IN_USE({ model: name, version: number, dependents })
    }
    const row = await markRetired(core, transaction, { model, version, by, reason: wish.reason })
    const audit = changeBy(by, {
      action: 'version.retire',
      subject: versionSubject(model.name, version.version),
      project: model.project,
      before: { retired: false },
      after: { retired: true },
      reason: wish.reason,
    })
    return { value: await assembleVersion(transaction, row), changes: [audit] }
  })
}

interface Retirement {
  readonly model: ModelRow
  readonly version: VersionRow
  readonly by: Actor
  readonly reason: string
}

async function markRetired(
  core: CatalogCore,
  transaction: Transaction,
  { model, version, by, reason }: Retirement,
): Promise<VersionRow> {
  const atMs = core.clock.now()
  await appendEvent(transaction, {
    model,
    by,
    atMs,
    subject: 'version',
    place: '',
    action: 'retire',
    version: version.version,
    previous: null,
    reason,
    evidence: evidenceOf(version),
  })
  return transaction
    .updateTable('catalog_versions')
    .set({ retired_at_ms: atMs, updated_at_ms: atMs, stage: 'Archived' })
    .where('model', '=', version.model)
    .where('version', '=', version.version)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Environments of every kind, aliases, and what lies outside the registry. */
async function allDependents(
  core: CatalogCore,
  transaction: Transaction,
  { model, version }: Pick<Retirement, 'model' | 'version'>,
): Promise<string[]> {
  const { version: number } = version
  const standings = await transaction
    .selectFrom('catalog_standings')
    .select('environment')
    .where('model', '=', model.number)
    .where('version', '=', number)
    .execute()
  const aliases = await transaction
    .selectFrom('catalog_aliases')
    .select('alias')
    .where('model', '=', model.number)
    .where('version', '=', number)
    .orderBy('alias')
    .execute()
  const outside = await core.findDependents(transaction, {
    model: model.name,
    project: model.project,
    version: number,
  })
  const held = new Set(standings.map(({ environment }) => environment))
  return [
    ...ENVIRONMENTS.filter((name) => held.has(name)).map((name) => `it stands in ${name}`),
    ...aliases.map(({ alias }) => `the alias ${alias} points to it`),
    ...outside,
  ]
}
