import { isPlatformError } from '../../core/errors/index.ts'
import type { Actor, ChangeListener, Transaction } from '../../platform/database/index.ts'
import type { ModelCatalog } from '../../stages/registry/catalog/index.ts'
import type { GarbageContext, GarbagePlan } from './garbage-plan.ts'
import {
  removeExperiment,
  removeLoggedModel,
  removeModel,
  removeRun,
  removeVersion,
} from './remove-rows.ts'

export interface CollectContext extends GarbageContext {
  readonly by: Actor
  readonly catalog: ModelCatalog
  readonly listener?: ChangeListener | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a collection has removed. */
export interface Collected {
  readonly runs: number
  readonly loggedModels: number
  readonly experiments: number
  readonly versions: number
  readonly models: number
  readonly outdated: number
  readonly files: number
  /** Brought back or taken into use since the plan was made. */
  readonly skipped: readonly string[]
}

interface Removal {
  readonly what: string
  readonly path: string | null
  readonly remove: (transaction: Transaction) => Promise<boolean>
}

/**
 * Does a plan. The rows of a thing go in one transaction that claims its folder; then the folder
 * goes, then the claim. Killed anywhere, the next collection finds the claims and ends the work, so
 * that neither rows without files nor files without rows are left.
 */
export async function collectGarbage(
  context: CollectContext,
  plan: GarbagePlan,
): Promise<Collected> {
  const skipped: string[] = []
  let files = await deleteClaimed(context)
  const removeAll = async (removals: readonly Removal[]): Promise<number> => {
    let removed = 0
    for (const removal of removals) {
      context.signal?.throwIfAborted()
      if (await removeOne(context, removal)) removed += 1
      else skipped.push(removal.what)
      files += await deleteClaimed(context)
    }
    return removed
  }
  const outdated = await deleteOutdated(context, plan, skipped)
  const steps = removalsOf(plan)
  return {
    outdated,
    loggedModels: await removeAll(steps.loggedModels),
    runs: await removeAll(steps.runs),
    experiments: await removeAll(steps.experiments),
    versions: await removeAll(steps.versions),
    models: await removeAll(steps.models),
    files: files + (await deleteOrphans(context, plan)),
    skipped,
  }
}

function removalsOf(plan: GarbagePlan) {
  return {
    loggedModels: plan.loggedModels.map(({ id, number, path }): Removal => {
      return { what: `logged-model/${id}`, path, remove: (to) => removeLoggedModel(to, number) }
    }),
    runs: plan.runs.map(({ id, number, path }): Removal => {
      return { what: `run/${id}`, path, remove: (to) => removeRun(to, number) }
    }),
    experiments: plan.experiments.map(({ id, number, path }): Removal => {
      return { what: `experiment/${id}`, path, remove: (to) => removeExperiment(to, number) }
    }),
    versions: plan.versions.map(({ model, number, version }): Removal => {
      const what = `model/${model}/version/${version}`
      return { what, path: null, remove: (to) => removeVersion(to, { number, version }) }
    }),
    models: plan.models.map(({ name, number }): Removal => {
      return { what: `model/${name}`, path: null, remove: (to) => removeModel(to, number) }
    }),
  }
}

/** Removes rows and claims their folder, in one transaction. */
function removeOne(
  { database, clock, files, by, listener }: CollectContext,
  { what, path, remove }: Removal,
): Promise<boolean> {
  return database.transaction(async (transaction) => {
    if (!(await remove(transaction))) return false
    if (path !== null && files !== undefined) {
      await transaction
        .insertInto('garbage_claims')
        .values({ path, claimed_at_ms: clock.now() })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    const change = { before: null, after: null, reason: null, project: '*' }
    await listener?.(transaction, [
      { actor: by, action: 'garbage.collect', subject: what, ...change },
    ])
    return true
  })
}

/** Deletes claimed folders, then their claims. */
async function deleteClaimed({ database, files }: CollectContext): Promise<number> {
  if (files === undefined) return 0
  const claims = await database.queries.selectFrom('garbage_claims').select('path').execute()
  let deleted = 0
  for (const { path } of claims) {
    deleted += await files.delete(path)
    await database.queries.deleteFrom('garbage_claims').where('path', '=', path).execute()
  }
  return deleted
}

async function deleteOutdated(
  { catalog, by }: CollectContext,
  { outdated }: GarbagePlan,
  skipped: string[],
): Promise<number> {
  let deleted = 0
  for (const { model, version } of outdated) {
    try {
      await catalog.deleteVersion(by, model, version)
      deleted += 1
    } catch (error) {
      const isGone = ['VERSION_IN_USE', 'VERSION_NOT_FOUND', 'MODEL_NOT_FOUND'].some((code) =>
        isPlatformError(error, code),
      )
      if (!isGone) throw error
      skipped.push(`model/${model}/version/${version}`)
    }
  }
  return deleted
}

async function deleteOrphans({ files }: CollectContext, { orphans }: GarbagePlan): Promise<number> {
  let deleted = 0
  for (const { path } of orphans) deleted += (await files?.delete(path)) ?? 0
  return deleted
}
