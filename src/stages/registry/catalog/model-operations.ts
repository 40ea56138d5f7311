import type { Queries, Transaction } from '../../../platform/database/index.ts'
import type { Tags } from '../../../platform/tracking/index.ts'
import { assembleModels } from './assemble-models.ts'
import { type CatalogCore, changeBy, changing, modelSubject } from './catalog-core.ts'
import { findModelRow, lockModel, type ModelRow, modelRow } from './catalog-rows.ts'
import { closeModel } from './close-model.ts'
import { catalogErrors } from './errors.ts'
import type { ModelCatalog } from './model-catalog.ts'
import { requireModelName, requireTag, requireTags } from './names.ts'
import type { RegisteredModel } from './registered-model.ts'

type ModelOperations = Pick<
  ModelCatalog,
  | 'createModel'
  | 'model'
  | 'findModel'
  | 'renameModel'
  | 'describeModel'
  | 'deleteModel'
  | 'setModelTag'
  | 'deleteModelTag'
>

/** What is done to registered models themselves. */
export function modelOperations(core: CatalogCore): ModelOperations {
  const { queries } = core.database
  return {
    createModel: (by, model) => createModel(core, by, model),
    model: async (name) => assembleModel(queries, await modelRow(queries, name)),
    async findModel(name) {
      const row = await findModelRow(queries, name)
      return row && assembleModel(queries, row)
    },
    renameModel: (by, name, newName) => renameModel(core, by, { name, newName }),
    describeModel: (by, name, description) => describeModel(core, by, { name, description }),
    deleteModel: (by, name) =>
      changing(core, async (transaction) => {
        const model = await lockModel(transaction, name)
        const changes = await closeModel(core, transaction, { model, by })
        return { value: undefined, changes }
      }),
    setModelTag: (...[by, name, key, value]) => setModelTag(core, by, { name, key, value }),
    deleteModelTag: (by, name, key) => deleteModelTag(core, by, { name, key }),
  }
}

type By = Parameters<ModelCatalog['createModel']>[0]
type NewModel = Parameters<ModelCatalog['createModel']>[1]

async function createModel(core: CatalogCore, by: By, given: NewModel): Promise<RegisteredModel> {
  const { name, project, description = '', tags = {} } = given
  requireModelName(name)
  requireTags(tags)
  return changing(core, async (transaction) => {
    const nowMs = given.createdAtMs ?? core.clock.now()
    const row = await transaction
      .insertInto('catalog_models')
      .values({ name, project, description, created_at_ms: nowMs, updated_at_ms: nowMs })
      // The index of names covers models that are not deleted only.
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) throw catalogErrors.MODEL_EXISTS({ model: name })
    await insertModelTags(transaction, row.number, tags)
    const value = await assembleModel(transaction, row)
    const after = { name, project, description, tags }
    const subject = modelSubject(name)
    return { value, changes: [changeBy(by, { action: 'model.create', subject, project, after })] }
  })
}

async function insertModelTags(transaction: Transaction, model: number, tags: Tags): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({ model, key, value }))
  if (rows.length > 0) await transaction.insertInto('catalog_model_tags').values(rows).execute()
}

async function renameModel(
  core: CatalogCore,
  by: By,
  { name, newName }: { readonly name: string; readonly newName: string },
): Promise<RegisteredModel> {
  requireModelName(newName)
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, name)
    const other = newName === name ? undefined : await findModelRow(transaction, newName)
    if (other !== undefined) throw catalogErrors.MODEL_EXISTS({ model: newName })
    const nowMs = core.clock.now()
    const renamed = await transaction
      .updateTable('catalog_models')
      .set({ name: newName, updated_at_ms: nowMs })
      .where('number', '=', model.number)
      .returningAll()
      .executeTakeFirstOrThrow()
    await transaction
      .updateTable('catalog_versions')
      .set({ updated_at_ms: nowMs })
      .where('model', '=', model.number)
      .where('deleted_at_ms', 'is', null)
      .execute()
    const change = changeBy(by, {
      action: 'model.rename',
      subject: modelSubject(name),
      project: model.project,
      before: { name },
      after: { name: newName },
    })
    return { value: await assembleModel(transaction, renamed), changes: [change] }
  })
}

function describeModel(
  core: CatalogCore,
  by: By,
  { name, description }: { readonly name: string; readonly description: string },
): Promise<RegisteredModel> {
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, name)
    const described = await transaction
      .updateTable('catalog_models')
      .set({ description, updated_at_ms: core.clock.now() })
      .where('number', '=', model.number)
      .returningAll()
      .executeTakeFirstOrThrow()
    const change = changeBy(by, {
      action: 'model.describe',
      subject: modelSubject(name),
      project: model.project,
      before: { description: model.description },
      after: { description },
    })
    return { value: await assembleModel(transaction, described), changes: [change] }
  })
}

interface ModelTag {
  readonly name: string
  readonly key: string
  readonly value: string
}

async function setModelTag(
  core: CatalogCore,
  by: By,
  { name, key, value }: ModelTag,
): Promise<void> {
  requireTag(key, value)
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, name)
    await transaction
      .insertInto('catalog_model_tags')
      .values({ model: model.number, key, value })
      .onConflict((conflict) => conflict.columns(['model', 'key']).doUpdateSet({ value }))
      .execute()
    const change = changeBy(by, {
      action: 'model.tag',
      subject: modelSubject(name),
      project: model.project,
      after: { key, value },
    })
    return { value: undefined, changes: [change] }
  })
}

async function deleteModelTag(
  core: CatalogCore,
  by: By,
  { name, key }: Omit<ModelTag, 'value'>,
): Promise<void> {
  requireTag(key)
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, name)
    const removed = await transaction
      .deleteFrom('catalog_model_tags')
      .where('model', '=', model.number)
      .where('key', '=', key)
      .returningAll()
      .executeTakeFirst()
    const before = removed && { key, value: removed.value }
    const subject = modelSubject(name)
    const change = changeBy(by, { action: 'model.untag', subject, project: model.project, before })
    return { value: undefined, changes: removed === undefined ? [] : [change] }
  })
}

async function assembleModel(queries: Queries, row: ModelRow): Promise<RegisteredModel> {
  const [model] = await assembleModels(queries, [row])
  if (model === undefined) throw new TypeError(`no model assembled for ${row.name}`)
  return model
}
