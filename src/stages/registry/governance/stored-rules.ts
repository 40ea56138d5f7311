import type { Environment } from '../../../core/records/index.ts'
import type { Queries } from '../../../platform/database/index.ts'
import { DEFAULT_RULES, type PromotionRule, promotionRuleSchema } from './promotion-rule.ts'

/** A rule's number when it speaks of all models of a project. */
export const ALL_MODELS = 0

export interface RuleScope {
  readonly project: string
  /** A model's number, or `ALL_MODELS`. */
  readonly model: number
  readonly environment: Environment
}

/** The rule set for exactly this scope, if there is one. */
export async function storedRule(
  queries: Queries,
  { project, model, environment }: RuleScope,
): Promise<PromotionRule | undefined> {
  const row = await queries
    .selectFrom('catalog_rules')
    .select('rule_json')
    .where('project', '=', project)
    .where('model', '=', model)
    .where('environment', '=', environment)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined || row.rule_json === null) return undefined
  return promotionRuleSchema.parse(JSON.parse(row.rule_json))
}

/** The rule that holds: the model's own, else the project's, else the default. */
export async function ruleInForce(queries: Queries, scope: RuleScope): Promise<PromotionRule> {
  return (
    (await storedRule(queries, scope)) ??
    (await storedRule(queries, { ...scope, model: ALL_MODELS })) ??
    DEFAULT_RULES[scope.environment]
  )
}
