import type { Environment, EnvironmentChange } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { lockModel, versionRow } from './catalog/catalog-rows.ts'
import { environmentChangeOf } from './catalog/history.ts'
import { enterEnvironment } from './governance/enter-environment.ts'
import { environmentAudit } from './governance/environment-audit.ts'

export interface PromoteVersionOptions {
  readonly store: RecordStore
  readonly model: string
  readonly version: number
  readonly environment: Environment
  /** Who asked for it: a person, or the part of the platform. */
  readonly by: string
  readonly reason: string
  readonly atMs: number
}

/**
 * Puts a version into an environment by the rule in force; without one: development, then staging,
 * then production, none skipped, and a YES of the gate for production.
 * What stands there already is left as it is, and its change is returned.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_RETIRED, REASON_NEEDED
 * @throws PROMOTION_SKIPS when it has not come through the environment before
 * @throws VERSION_NOT_APPROVED when production is asked for without a YES of the gate
 * @throws APPROVAL_NEEDED
 */
export function promoteVersion(options: PromoteVersionOptions): Promise<EnvironmentChange> {
  const { store, environment, reason, atMs } = options
  const by = { name: options.by, from: 'platform' }
  return store.within(async (transaction) => {
    const model = await lockModel(transaction, options.model, store.project)
    const version = await versionRow(transaction, model, options.version)
    const entry = { model, version, environment, by, reason, atMs, archivesLeaving: true }
    const { event, changed } = await enterEnvironment(transaction, entry)
    if (changed) await store.listener(transaction, [environmentAudit(by, event)])
    return environmentChangeOf(event)
  })
}
