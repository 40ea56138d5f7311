import { canonicalJson } from '../../../core/identity/index.ts'
import type { Environment } from '../../../core/records/index.ts'
import type { Actor, Queries } from '../../../platform/database/index.ts'
import { type CatalogCore, changeBy, changing } from '../catalog/catalog-core.ts'
import { lockModel, modelRow } from '../catalog/catalog-rows.ts'
import { catalogErrors } from '../catalog/errors.ts'
import type { Governance, RuleInForce } from './governance.ts'
import { completeRule, DEFAULT_RULES } from './promotion-rule.ts'
import { requireReason } from './require-reason.ts'
import { ALL_MODELS, storedRule } from './stored-rules.ts'

/** Sets or ends the rule of a model or a project; earlier rules stay in the history. */
export async function setRule(
  core: CatalogCore,
  by: Actor,
  change: Parameters<Governance['setRule']>[1],
): Promise<void> {
  const { project, model: name, environment, reason } = change
  requireReason('A change of rules', reason)
  const rule = change.rule === null ? null : completeRule(environment, change.rule)
  await changing(core, async (transaction) => {
    const model = name === undefined ? undefined : await lockModel(transaction, name)
    if (model !== undefined && model.project !== project) {
      const { project: owner } = model
      throw catalogErrors.MODEL_BELONGS_ELSEWHERE({ model: model.name, project, owner })
    }
    const scope = { project, model: model?.number ?? ALL_MODELS, environment }
    const before = await storedRule(transaction, scope)
    await transaction
      .insertInto('catalog_rules')
      .values({
        ...scope,
        rule_json: rule === null ? null : canonicalJson(rule),
        at_ms: core.clock.now(),
        actor: by.name,
        origin: by.from,
        reason,
      })
      .execute()
    const audit = changeBy(by, {
      action: rule === null ? 'rule.end' : 'rule.set',
      subject: name === undefined ? `project/${project}/rule` : `model/${name}/rule`,
      project,
      before: before && { environment, rule: before },
      after: rule === null ? undefined : { environment, rule },
      reason,
    })
    return { value: undefined, changes: [audit] }
  })
}

export async function ruleOf(
  queries: Queries,
  at: { readonly model: string; readonly environment: Environment },
): Promise<RuleInForce> {
  const { environment } = at
  const model = await modelRow(queries, at.model)
  const scope = { project: model.project, model: model.number, environment }
  const own = await storedRule(queries, scope)
  if (own !== undefined) return { rule: own, origin: 'model' }
  const shared = await storedRule(queries, { ...scope, model: ALL_MODELS })
  if (shared !== undefined) return { rule: shared, origin: 'project' }
  return { rule: DEFAULT_RULES[environment], origin: 'default' }
}
