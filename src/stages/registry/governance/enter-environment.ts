import { ENVIRONMENTS, type Environment } from '../../../core/records/index.ts'
import { isoTime } from '../../../core/time/index.ts'
import type { Actor, Transaction } from '../../../platform/database/index.ts'
import type { ModelRow, VersionRow } from '../catalog/catalog-rows.ts'
import { catalogErrors } from '../catalog/errors.ts'
import {
  appendEvent,
  type Evidence,
  environmentChangeOf,
  environmentEvents,
  NO_EVIDENCE,
  type RegistryEvent,
} from '../catalog/history.ts'
import { environmentLine } from '../environment-line.ts'
import { registryErrors } from '../errors.ts'
import { governanceErrors } from './errors.ts'
import type { PromotionRule } from './promotion-rule.ts'
import { type GivenApprovals, requireApprovals } from './require-approvals.ts'
import { settleStages } from './settle-stages.ts'
import { ruleInForce } from './stored-rules.ts'

export interface EnvironmentEntry {
  readonly model: ModelRow
  readonly version: VersionRow
  readonly environment: Environment
  readonly by: Actor
  readonly reason: string
  readonly atMs: number
  /** Whether the version that leaves goes to the stage Archived. */
  readonly archivesLeaving: boolean
}

/**
 * Puts a version into an environment by the rule in force, in the transaction that holds the model.
 * What stands there already is left as it is, and its event is returned.
 * @throws PROMOTION_SKIPS, VERSION_NOT_APPROVED, VERSION_RETIRED, APPROVAL_NEEDED, REASON_NEEDED
 */
export async function enterEnvironment(
  transaction: Transaction,
  entry: EnvironmentEntry,
): Promise<{ readonly event: RegistryEvent; readonly changed: boolean }> {
  const { model, version, environment, atMs } = entry
  const latest = (await environmentEvents(transaction, model.number, environment)).at(-1)
  if (latest?.version === version.version) return { event: latest, changed: false }
  const given = await requireRule(transaction, entry)
  const event = await appendEvent(transaction, {
    model,
    by: entry.by,
    atMs,
    subject: 'environment',
    place: environment,
    action: 'promote',
    version: version.version,
    previous: latest?.version ?? null,
    reason: entry.reason,
    evidence: { ...evidenceOf(version), ...given },
  })
  if (given.request !== null) await useRequest(transaction, given.request, event.id)
  await setStanding(transaction, entry.model.number, { environment, version: version.version })
  await settleStages(transaction, {
    model: model.number,
    versions: [version.version, event.previous],
    archives: entry.archivesLeaving,
    nowMs: atMs,
  })
  return { event, changed: true }
}

/** What the version itself brings: the run, evaluation and verdict of its belt. */
export function evidenceOf(version: VersionRow): Evidence {
  const { outcome, evaluation, verdict } = version
  return {
    ...NO_EVIDENCE,
    run: version.run_id,
    evaluation,
    verdict,
    outcome: outcome === 'yes' || outcome === 'no' ? outcome : null,
  }
}

async function requireRule(
  transaction: Transaction,
  entry: EnvironmentEntry,
): Promise<GivenApprovals> {
  const { model, version, environment, atMs } = entry
  if (version.retired_at_ms !== null) {
    throw catalogErrors.VERSION_RETIRED({
      model: model.name,
      version: version.version,
      at: isoTime(version.retired_at_ms),
    })
  }
  if (entry.reason.trim() === '') {
    throw governanceErrors.REASON_NEEDED({ what: `Entering ${environment}` })
  }
  const rule = await ruleInForce(transaction, {
    project: model.project,
    model: model.number,
    environment,
  })
  await requirePreviousEnvironment(transaction, entry, rule)
  requireVerdict(entry, rule)
  return requireApprovals(transaction, { model, version, environment, rule, atMs })
}

/** A version counts as having come through when it was never rolled back from there. */
async function requirePreviousEnvironment(
  transaction: Transaction,
  { model, version, environment }: EnvironmentEntry,
  rule: PromotionRule,
): Promise<void> {
  const needed = ENVIRONMENTS[ENVIRONMENTS.indexOf(environment) - 1]
  if (needed === undefined || !isDemanded(rule.previousEnvironment, version)) return
  const history = await environmentEvents(transaction, model.number, needed)
  if (!environmentLine(history.map(environmentChangeOf)).includes(version.version)) {
    throw registryErrors.PROMOTION_SKIPS({
      model: model.name,
      version: version.version,
      environment,
      needed,
    })
  }
}

function requireVerdict({ model, version, environment }: EnvironmentEntry, rule: PromotionRule) {
  if (!isDemanded(rule.verdict, version) || version.outcome === 'yes') return
  throw registryErrors.VERSION_NOT_APPROVED({
    model: model.name,
    version: version.version,
    environment,
    verdict: version.verdict ?? 'none',
    got: version.outcome === null ? 'none' : version.outcome.toUpperCase(),
  })
}

function isDemanded(demand: PromotionRule['verdict'], version: VersionRow): boolean {
  return demand === 'always' || (demand === 'judged' && version.verdict !== null)
}

function useRequest(transaction: Transaction, request: string, event: string) {
  return transaction
    .updateTable('catalog_approval_requests')
    .set({ used_by_event: event })
    .where('id', '=', request)
    .execute()
}

/** What stands in an environment from now on; nothing when the version is null. */
export async function setStanding(
  transaction: Transaction,
  model: number,
  { environment, version }: { readonly environment: Environment; readonly version: number | null },
): Promise<void> {
  if (version === null) {
    await transaction
      .deleteFrom('catalog_standings')
      .where('model', '=', model)
      .where('environment', '=', environment)
      .execute()
    return
  }
  await transaction
    .insertInto('catalog_standings')
    .values({ model, environment, version })
    .onConflict((conflict) => conflict.columns(['model', 'environment']).doUpdateSet({ version }))
    .execute()
}
