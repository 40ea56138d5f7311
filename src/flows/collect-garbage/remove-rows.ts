import type { Transaction } from '../../platform/database/index.ts'

/** Marks a row deleted that is so by itself or with its experiment; false when it was brought back. */
async function claim(
  transaction: Transaction,
  table: 'runs' | 'logged_models',
  number: number,
): Promise<boolean> {
  const row = await transaction
    .updateTable(table)
    .set({ is_deleted: 1 })
    .where('number', '=', number)
    .where(({ or, eb, exists, selectFrom }) =>
      or([
        eb('is_deleted', '=', 1),
        exists(
          selectFrom('experiments as e')
            .select('e.number')
            .whereRef('e.number', '=', `${table}.experiment`)
            .where('e.is_deleted', '=', 1),
        ),
      ]),
    )
    .returning('number')
    .executeTakeFirst()
  return row !== undefined
}

/** All rows of a run. False when it was brought back meanwhile: then nothing is removed. */
export async function removeRun(transaction: Transaction, number: number): Promise<boolean> {
  if (!(await claim(transaction, 'runs', number))) return false
  for (const table of [
    'metrics',
    'latest_metrics',
    'run_parameters',
    'run_tags',
    'run_datasets',
    'run_model_inputs',
    'run_model_outputs',
    'logged_model_metrics',
  ] as const) {
    await transaction.deleteFrom(table).where('run', '=', number).execute()
  }
  await transaction.deleteFrom('runs').where('number', '=', number).execute()
  return true
}

/** All rows of a logged model. False when it was brought back meanwhile. */
export async function removeLoggedModel(
  transaction: Transaction,
  number: number,
): Promise<boolean> {
  if (!(await claim(transaction, 'logged_models', number))) return false
  for (const table of [
    'logged_model_parameters',
    'logged_model_tags',
    'logged_model_metrics',
  ] as const) {
    await transaction.deleteFrom(table).where('model', '=', number).execute()
  }
  await transaction.deleteFrom('logged_models').where('number', '=', number).execute()
  return true
}

/** An experiment that is still deleted and has nothing left. */
export async function removeExperiment(transaction: Transaction, number: number): Promise<boolean> {
  const row = await transaction
    .updateTable('experiments')
    .set({ is_deleted: 1 })
    .where('number', '=', number)
    .where('is_deleted', '=', 1)
    .where(({ and, not, exists, selectFrom }) =>
      and([
        not(exists(selectFrom('runs').select('number').where('experiment', '=', number))),
        not(exists(selectFrom('logged_models').select('number').where('experiment', '=', number))),
      ]),
    )
    .returning('number')
    .executeTakeFirst()
  if (row === undefined) return false
  await transaction.deleteFrom('experiment_tags').where('experiment', '=', number).execute()
  await transaction.deleteFrom('datasets').where('experiment', '=', number).execute()
  await transaction.deleteFrom('experiments').where('number', '=', number).execute()
  return true
}

/** A version that is still deleted; its part in the history stays. */
export async function removeVersion(
  transaction: Transaction,
  at: { readonly number: number; readonly version: number },
): Promise<boolean> {
  const { number: model, version } = at
  const row = await transaction
    .updateTable('catalog_versions')
    .set({ description: '' })
    .where('model', '=', model)
    .where('version', '=', version)
    .where('deleted_at_ms', 'is not', null)
    .returning('version')
    .executeTakeFirst()
  if (row === undefined) return false
  for (const table of ['catalog_version_tags', 'catalog_card_revisions'] as const) {
    await transaction
      .deleteFrom(table)
      .where('model', '=', model)
      .where('version', '=', version)
      .execute()
  }
  await transaction
    .deleteFrom('catalog_versions')
    .where('model', '=', model)
    .where('version', '=', version)
    .execute()
  return true
}

/** A deleted model without versions. */
export async function removeModel(transaction: Transaction, number: number): Promise<boolean> {
  const left = await transaction
    .selectFrom('catalog_versions')
    .select('version')
    .where('model', '=', number)
    .limit(1)
    .executeTakeFirst()
  if (left !== undefined) return false
  await transaction.deleteFrom('catalog_model_tags').where('model', '=', number).execute()
  await transaction.deleteFrom('catalog_models').where('number', '=', number).execute()
  return true
}
