import type { Actor, Transaction } from '../../../platform/database/index.ts'
import { assembleVersion, readVersion } from './assemble-version.ts'
import { type CatalogCore, changeBy, changing, versionSubject } from './catalog-core.ts'
import { lockModel, type ModelRow, touch, type VersionRow, versionRow } from './catalog-rows.ts'
import { closeVersion } from './close-model.ts'
import { dependentsOf } from './dependents.ts'
import { catalogErrors } from './errors.ts'
import type { ModelCatalog, VersionTag } from './model-catalog.ts'
import { requireTag } from './names.ts'
import { registerCatalogVersion } from './register-catalog-version.ts'
import type { CatalogVersion } from './registered-model.ts'
import { transitionStage } from './transition-stage.ts'

type VersionOperations = Pick<
  ModelCatalog,
  | 'createVersion'
  | 'version'
  | 'describeVersion'
  | 'deleteVersion'
  | 'setVersionTag'
  | 'deleteVersionTag'
  | 'transitionStage'
>

/** What is done to versions. */
export function versionOperations(core: CatalogCore): VersionOperations {
  return {
    createVersion: (by, given) =>
      changing(core, (transaction) =>
        registerCatalogVersion(transaction, { by, given, nowMs: core.clock.now() }),
      ),
    version: (model, version) => readVersion(core.database.queries, { model, version }),
    describeVersion: (...[by, model, version, description]) =>
      describeVersion(core, by, { model, version, description }),
    deleteVersion: (by, model, version) => deleteVersion(core, by, { model, version }),
    setVersionTag: (by, at) => setVersionTag(core, by, at),
    deleteVersionTag: (by, at) => deleteVersionTag(core, by, at),
    transitionStage: (by, change) => transitionStage(core, by, change),
  }
}

interface VersionName {
  readonly model: string
  readonly version: number
}

interface HeldVersion {
  readonly model: ModelRow
  readonly row: VersionRow
}

async function holdVersion(
  transaction: Transaction,
  { model: name, version }: VersionName,
): Promise<HeldVersion> {
  const model = await lockModel(transaction, name)
  return { model, row: await versionRow(transaction, model, version) }
}

function describeVersion(
  core: CatalogCore,
  by: Actor,
  at: VersionName & { readonly description: string },
): Promise<CatalogVersion> {
  return changing(core, async (transaction) => {
    const { model, row } = await holdVersion(transaction, at)
    const { description } = at
    const described = await transaction
      .updateTable('catalog_versions')
      .set({ description, updated_at_ms: core.clock.now() })
      .where('model', '=', row.model)
      .where('version', '=', row.version)
      .returningAll()
      .executeTakeFirstOrThrow()
    const change = changeBy(by, {
      action: 'version.describe',
      subject: versionSubject(model.name, row.version),
      project: model.project,
      before: { description: row.description },
      after: { description },
    })
    return { value: await assembleVersion(transaction, described), changes: [change] }
  })
}

function deleteVersion(core: CatalogCore, by: Actor, at: VersionName): Promise<void> {
  return changing(core, async (transaction) => {
    const { model, row: version } = await holdVersion(transaction, at)
    const dependents = await dependentsOf(core, transaction, { model, version })
    if (dependents.length > 0) throw catalogErrors.VERSION_IN_USE({ ...at, dependents })
    const change = await closeVersion(core, transaction, { model, version, by })
    await touch(transaction, { model: model.number, nowMs: core.clock.now() })
    return { value: undefined, changes: [change] }
  })
}

async function setVersionTag(core: CatalogCore, by: Actor, at: VersionTag): Promise<void> {
  const { key, value } = at
  requireTag(key, value)
  return changing(core, async (transaction) => {
    const { model, row } = await holdVersion(transaction, at)
    await transaction
      .insertInto('catalog_version_tags')
      .values({ model: row.model, version: row.version, key, value })
      .onConflict((conflict) =>
        conflict.columns(['model', 'version', 'key']).doUpdateSet({ value }),
      )
      .execute()
    const change = changeBy(by, {
      action: 'version.tag',
      subject: versionSubject(model.name, row.version),
      project: model.project,
      after: { key, value },
    })
    return { value: undefined, changes: [change] }
  })
}

async function deleteVersionTag(
  core: CatalogCore,
  by: Actor,
  at: Omit<VersionTag, 'value'>,
): Promise<void> {
  const { key } = at
  requireTag(key)
  return changing(core, async (transaction) => {
    const { model, row } = await holdVersion(transaction, at)
    const removed = await transaction
      .deleteFrom('catalog_version_tags')
      .where('model', '=', row.model)
      .where('version', '=', row.version)
      .where('key', '=', key)
      .returningAll()
      .executeTakeFirst()
    const change = changeBy(by, {
      action: 'version.untag',
      subject: versionSubject(model.name, row.version),
      project: model.project,
      before: removed && { key, value: removed.value },
    })
    return { value: undefined, changes: removed === undefined ? [] : [change] }
  })
}
