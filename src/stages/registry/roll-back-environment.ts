import type { Environment, EnvironmentChange } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { findModelRow, lockModel } from './catalog/catalog-rows.ts'
import { environmentChangeOf } from './catalog/history.ts'
import { registryErrors } from './errors.ts'
import { environmentAudit } from './governance/environment-audit.ts'
import { goBack } from './governance/go-back.ts'

export interface RollBackEnvironmentOptions {
  readonly store: RecordStore
  readonly model: string
  readonly environment: Environment
  readonly by: string
  readonly reason: string
  readonly atMs: number
}

/**
 * Back to the version before. Twice goes two versions back: what was given up is never returned to.
 * @throws NOTHING_TO_ROLL_BACK
 */
export function rollBackEnvironment(
  options: RollBackEnvironmentOptions,
): Promise<EnvironmentChange> {
  const { store, environment, reason, atMs } = options
  const by = { name: options.by, from: 'platform' }
  return store.within(async (transaction) => {
    if ((await findModelRow(transaction, options.model)) === undefined) {
      throw registryErrors.NOTHING_TO_ROLL_BACK({
        model: options.model,
        environment,
        version: null,
      })
    }
    const model = await lockModel(transaction, options.model, store.project)
    const event = await goBack(transaction, { model, environment, by, reason, atMs })
    await store.listener(transaction, [environmentAudit(by, event)])
    return environmentChangeOf(event)
  })
}
