import { type Selectable, sql } from 'kysely'
import type { DatabaseTables, Queries, Transaction } from '../../../platform/database/index.ts'
import { registryErrors } from '../errors.ts'
import { requireModelName } from './names.ts'

export type ModelRow = Selectable<DatabaseTables['catalog_models']>
export type VersionRow = Selectable<DatabaseTables['catalog_versions']>

/** Names that a message can show. */
const SHOWN_NAMES = 50

/** @throws MODEL_NAME_INVALID */
export async function findModelRow(queries: Queries, name: string): Promise<ModelRow | undefined> {
  requireModelName(name)
  return queries
    .selectFrom('catalog_models')
    .selectAll()
    .where('name', '=', name)
    .where('deleted_at_ms', 'is', null)
    .executeTakeFirst()
}

/** @throws MODEL_NOT_FOUND */
export async function modelRow(
  queries: Queries,
  name: string,
  project?: string,
): Promise<ModelRow> {
  return (await findModelRow(queries, name)) ?? unknownModel(queries, name, project)
}

/**
 * The model, held until the transaction ends: whoever changes anything of a model begins here, so
 * that numbers, standings and approvals are decided by one server at a time.
 * @throws MODEL_NOT_FOUND
 */
export async function lockModel(
  transaction: Transaction,
  name: string,
  project?: string,
): Promise<ModelRow> {
  requireModelName(name)
  const row = await transaction
    .updateTable('catalog_models')
    .set({ last_version: sql.ref('last_version') })
    .where('name', '=', name)
    .where('deleted_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst()
  return row ?? unknownModel(transaction, name, project)
}

/** Tells the names of a project's models to those who work in it, and to nobody else. */
async function unknownModel(queries: Queries, model: string, project?: string): Promise<never> {
  if (project === undefined) throw registryErrors.MODEL_NOT_FOUND({ model, known: null })
  const rows = await queries
    .selectFrom('catalog_models')
    .select('name')
    .where('project', '=', project)
    .where('deleted_at_ms', 'is', null)
    .orderBy('name')
    .limit(SHOWN_NAMES)
    .execute()
  throw registryErrors.MODEL_NOT_FOUND({ model, known: rows.map(({ name }) => name) })
}

/** @throws VERSION_NOT_FOUND, also for a deleted one */
export async function versionRow(
  queries: Queries,
  model: ModelRow,
  version: number,
): Promise<VersionRow> {
  const row = Number.isSafeInteger(version)
    ? await queries
        .selectFrom('catalog_versions')
        .selectAll()
        .where('model', '=', model.number)
        .where('version', '=', version)
        .where('deleted_at_ms', 'is', null)
        .executeTakeFirst()
    : undefined
  return row ?? unknownVersion(queries, model, version)
}

async function unknownVersion(queries: Queries, model: ModelRow, version: number): Promise<never> {
  const rows = await queries
    .selectFrom('catalog_versions')
    .select('version')
    .where('model', '=', model.number)
    .where('deleted_at_ms', 'is', null)
    .orderBy('version', 'desc')
    .limit(SHOWN_NAMES)
    .execute()
  const known = rows.map((row) => row.version).reverse()
  throw registryErrors.VERSION_NOT_FOUND({ model: model.name, version, known })
}

/** Marks a model, and a version of it if one is named, as changed now. */
export async function touch(
  transaction: Transaction,
  at: { readonly model: number; readonly version?: number; readonly nowMs: number },
): Promise<void> {
  const { model, version, nowMs } = at
  await transaction
    .updateTable('catalog_models')
    .set({ updated_at_ms: nowMs })
    .where('number', '=', model)
    .execute()
  if (version === undefined) return
  await transaction
    .updateTable('catalog_versions')
    .set({ updated_at_ms: nowMs })
    .where('model', '=', model)
    .where('version', '=', version)
    .execute()
}
