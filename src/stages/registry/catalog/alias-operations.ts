import { isoTime } from '../../../core/time/index.ts'
import type { Actor, Queries } from '../../../platform/database/index.ts'
import { registryErrors } from '../errors.ts'
import { evidenceOf } from '../governance/enter-environment.ts'
import { assembleVersion } from './assemble-version.ts'
import { type CatalogCore, changeBy, changing, modelSubject } from './catalog-core.ts'
import { lockModel, modelRow, versionRow } from './catalog-rows.ts'
import { catalogErrors } from './errors.ts'
import { appendEvent } from './history.ts'
import type { ModelCatalog } from './model-catalog.ts'
import { isLatest, requireAlias, requireFreeAlias } from './names.ts'
import type { CatalogVersion } from './registered-model.ts'

type AliasOperations = Pick<ModelCatalog, 'setAlias' | 'deleteAlias' | 'versionByAlias'>
type AliasChange = Parameters<ModelCatalog['setAlias']>[1]

/** Names that point to versions, with a history of where they pointed. */
export function aliasOperations(core: CatalogCore): AliasOperations {
  return {
    setAlias: (by, change) => setAlias(core, by, change),
    deleteAlias: (by, model, alias) => deleteAlias(core, by, { model, alias }),
    versionByAlias: (model, alias) => versionByAlias(core.database.queries, { model, alias }),
  }
}

async function setAlias(core: CatalogCore, by: Actor, change: AliasChange): Promise<void> {
  const { alias, version: number, reason = '' } = change
  requireFreeAlias(alias)
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, change.model)
    const version = await versionRow(transaction, model, number)
    if (version.retired_at_ms !== null) {
      const at = isoTime(version.retired_at_ms)
      throw catalogErrors.VERSION_RETIRED({ model: model.name, version: number, at })
    }
    const before = await aliasRow(transaction, model.number, alias)
    if (before?.version === number) return { value: undefined, changes: [] }
    await transaction
      .insertInto('catalog_aliases')
      .values({ model: model.number, alias, version: number })
      .onConflict((conflict) =>
        conflict.columns(['model', 'alias']).doUpdateSet({ version: number }),
      )
      .execute()
    await appendEvent(transaction, {
      model,
      by,
      atMs: core.clock.now(),
      subject: 'alias',
      place: alias,
      action: 'set',
      version: number,
      previous: before?.version ?? null,
      reason,
      evidence: evidenceOf(version),
    })
    const audit = changeBy(by, {
      action: 'alias.set',
      subject: `${modelSubject(model.name)}/alias/${alias}`,
      project: model.project,
      before: before && { version: before.version },
      after: { version: number },
      reason,
    })
    return { value: undefined, changes: [audit] }
  })
}

async function deleteAlias(
  core: CatalogCore,
  by: Actor,
  { model: name, alias }: { readonly model: string; readonly alias: string },
): Promise<void> {
  requireAlias(alias)
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, name)
    const removed = await transaction
      .deleteFrom('catalog_aliases')
      .where('model', '=', model.number)
      .where('alias', '=', alias)
      .returning('version')
      .executeTakeFirst()
    if (removed === undefined) return { value: undefined, changes: [] }
    await appendEvent(transaction, {
      model,
      by,
      atMs: core.clock.now(),
      subject: 'alias',
      place: alias,
      action: 'remove',
      version: null,
      previous: removed.version,
      reason: '',
    })
    const audit = changeBy(by, {
      action: 'alias.remove',
      subject: `${modelSubject(model.name)}/alias/${alias}`,
      project: model.project,
      before: { version: removed.version },
    })
    return { value: undefined, changes: [audit] }
  })
}

async function versionByAlias(
  queries: Queries,
  { model: name, alias }: { readonly model: string; readonly alias: string },
): Promise<CatalogVersion> {
  requireAlias(alias)
  const model = await modelRow(queries, name)
  if (isLatest(alias)) return newestVersion(queries, model)
  const found = await aliasRow(queries, model.number, alias)
  if (found === undefined) {
    const rows = await queries
      .selectFrom('catalog_aliases')
      .select('alias')
      .where('model', '=', model.number)
      .orderBy('alias')
      .execute()
    const known = rows.map((row) => row.alias)
    throw catalogErrors.ALIAS_NOT_FOUND({ model: name, alias, known })
  }
  return assembleVersion(queries, await versionRow(queries, model, found.version))
}

async function newestVersion(
  queries: Queries,
  model: { readonly number: number; readonly name: string; readonly last_version: number },
): Promise<CatalogVersion> {
  const row = await queries
    .selectFrom('catalog_versions')
    .selectAll()
    .where('model', '=', model.number)
    .where('deleted_at_ms', 'is', null)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) {
    const { name, last_version: version } = model
    throw registryErrors.VERSION_NOT_FOUND({ model: name, version, known: [] })
  }
  return assembleVersion(queries, row)
}

function aliasRow(queries: Queries, model: number, alias: string) {
  return queries
    .selectFrom('catalog_aliases')
    .selectAll()
    .where('model', '=', model)
    .where('alias', '=', alias)
    .executeTakeFirst()
}
