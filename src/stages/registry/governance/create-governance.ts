import type { Actor, Database } from '../../../platform/database/index.ts'
import { type CatalogCore, changing } from '../catalog/catalog-core.ts'
import { lockModel, versionRow } from '../catalog/catalog-rows.ts'
import { type CatalogOptions, catalogCore } from '../catalog/create-model-catalog.ts'
import { type RegistryEvent, registryHistory } from '../catalog/history.ts'
import {
  decide,
  describeRequest,
  listRequests,
  type RoleOf,
  requestPromotion,
  requestRow,
} from './approval-requests.ts'
import { cardRevisions, editCard } from './edit-card.ts'
import { enterEnvironment } from './enter-environment.ts'
import { environmentAudit } from './environment-audit.ts'
import { goBack } from './go-back.ts'
import type { Governance, PromotionWish } from './governance.ts'
import { requireReason } from './require-reason.ts'
import { retireVersion } from './retire-version.ts'
import { ruleOf, setRule } from './set-rule.ts'
import { standingAt } from './standing-at.ts'

export interface GovernanceOptions extends CatalogOptions {
  /** Somebody's role in a project; everybody may decide when absent. */
  readonly roleOf?: RoleOf | undefined
}

/** Governance over the same tables as the model catalog. */
export function createGovernance(database: Database, options: GovernanceOptions): Governance {
  const core = { ...catalogCore(database, options), roleOf: options.roleOf }
  const { queries } = database
  return {
    promote: (by, wish) => promote(core, by, wish),
    rollBack: (by, wish) => rollBack(core, by, wish),
    requestPromotion: (by, wish) => requestPromotion(core, by, wish),
    decide: (by, decision) => decide(core, by, decision),
    request: async (id) => describeRequest(core, queries, await requestRow(queries, id)),
    requests: (filter = {}) => listRequests(core, filter),
    rule: (model, environment) => ruleOf(queries, { model, environment }),
    setRule: (by, change) => setRule(core, by, change),
    standingAt: (model, place, atMs) => standingAt(queries, { model, place, atMs }),
    history: (wanted) => registryHistory(queries, wanted),
    retire: (by, wish) => retireVersion(core, by, wish),
    cardRevisions: (model, version) => cardRevisions(queries, { model, version }),
    editCard: (by, edit) => editCard(core, by, edit),
  }
}

async function promote(core: CatalogCore, by: Actor, wish: PromotionWish): Promise<RegistryEvent> {
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, wish.model)
    const version = await versionRow(transaction, model, wish.version)
    const { environment, reason } = wish
    const atMs = core.clock.now()
    const entry = { model, version, environment, by, reason, atMs, archivesLeaving: true }
    const { event, changed } = await enterEnvironment(transaction, entry)
    return { value: event, changes: changed ? [environmentAudit(by, event)] : [] }
  })
}

async function rollBack(
  core: CatalogCore,
  by: Actor,
  wish: Omit<PromotionWish, 'version'>,
): Promise<RegistryEvent> {
  requireReason('Rolling back', wish.reason)
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, wish.model)
    const { environment, reason } = wish
    const event = await goBack(transaction, {
      model,
      environment,
      by,
      reason,
      atMs: core.clock.now(),
    })
    return { value: event, changes: [environmentAudit(by, event)] }
  })
}
