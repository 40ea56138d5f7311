import { randomUUID } from 'node:crypto'
import { ENVIRONMENTS, type Environment } from '../../../core/records/index.ts'
import type { Actor, Queries, Transaction } from '../../../platform/database/index.ts'
import { type CatalogCore, changeBy, changing, versionSubject } from '../catalog/catalog-core.ts'
import { lockModel, type ModelRow, type VersionRow, versionRow } from '../catalog/catalog-rows.ts'
import { governanceErrors } from './errors.ts'
import type { ApprovalRequest, Governance, PromotionWish, RequestState } from './governance.ts'
import {
  approvalsNeeded,
  type DecisionRow,
  decisionsOn,
  ownInterest,
  type RequestRow,
} from './require-approvals.ts'
import { requireReason } from './require-reason.ts'
import { ruleInForce } from './stored-rules.ts'

type Decision = Parameters<Governance['decide']>[1]

/** Somebody's role in a project, such as `approver`; null for none. */
export type RoleOf = (by: Actor, project: string) => Promise<string | null>

/** Roles, least first. */
const ROLES = ['viewer', 'contributor', 'approver', 'admin']

export async function requestPromotion(
  core: CatalogCore,
  by: Actor,
  wish: PromotionWish,
): Promise<ApprovalRequest> {
  requireReason('A request for approval', wish.reason)
  return changing(core, async (transaction) => {
    const model = await lockModel(transaction, wish.model)
    const version = await versionRow(transaction, model, wish.version)
    const { environment, reason } = wish
    const nowMs = core.clock.now()
    const scope = { project: model.project, model: model.number, environment }
    const { approvalsLastMs } = await ruleInForce(transaction, scope)
    const row = await transaction
      .insertInto('catalog_approval_requests')
      .values({
        id: `approval_${randomUUID()}`,
        model: model.number,
        version: version.version,
        environment,
        requested_by: by.name,
        origin: by.from,
        reason,
        requested_at_ms: nowMs,
        expires_at_ms: nowMs + approvalsLastMs,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    const audit = changeBy(by, {
      action: 'approval.request',
      subject: versionSubject(model.name, version.version),
      project: model.project,
      after: { request: row.id, environment },
      reason,
    })
    return { value: await describeRequest(core, transaction, row), changes: [audit] }
  })
}

/** Approves or rejects, once for each person. */
export async function decide(
  core: CatalogCore & { readonly roleOf: RoleOf | undefined },
  by: Actor,
  given: Decision,
): Promise<ApprovalRequest> {
  requireReason('A decision', given.reason)
  const asked = await describeRequest(
    core,
    core.database.queries,
    await requestRow(core.database.queries, given.request),
  )
  // Asked before the transaction: roles are kept behind another connection.
  const role = core.roleOf === undefined ? 'admin' : await core.roleOf(by, asked.project)
  return changing(core, async (transaction) => {
    const row = await requestRow(transaction, given.request)
    const model = await lockModel(transaction, asked.model)
    const version = await versionRow(transaction, model, row.version)
    await requireDecider(core, transaction, { row, model, version, by, role })
    await transaction
      .insertInto('catalog_approval_decisions')
      .values({
        request: row.id,
        approver: by.name,
        origin: by.from,
        decision: given.decision,
        reason: given.reason,
        at_ms: core.clock.now(),
      })
      .execute()
    const audit = changeBy(by, {
      action: `approval.${given.decision}`,
      subject: versionSubject(model.name, version.version),
      project: model.project,
      after: { request: row.id, environment: row.environment },
      reason: given.reason,
    })
    return { value: await describeRequest(core, transaction, row), changes: [audit] }
  })
}

interface Decider {
  readonly row: RequestRow
  readonly model: ModelRow
  readonly version: VersionRow
  readonly by: Actor
  readonly role: string | null
}

async function requireDecider(
  core: CatalogCore,
  transaction: Transaction,
  { row, model, version, by, role }: Decider,
): Promise<void> {
  const environment = environmentOf(row)
  const scope = { project: model.project, model: model.number, environment }
  const rule = await ruleInForce(transaction, scope)
  if (ROLES.indexOf(role ?? '') < ROLES.indexOf(rule.approverRole)) {
    throw governanceErrors.APPROVER_ROLE_NEEDED({
      by: by.name,
      needed: rule.approverRole,
      got: role ?? 'none',
      project: model.project,
    })
  }
  const because = rule.fourEyes ? ownInterest(by.name, row, version) : undefined
  if (because !== undefined) {
    throw governanceErrors.APPROVAL_BY_ANOTHER({ request: row.id, by: by.name, because })
  }
  const decisions = await decisionsOn(transaction, row.id)
  const own = decisions.find(({ approver }) => approver === by.name)
  if (own !== undefined) {
    const { decision } = own
    throw governanceErrors.DECIDED_ALREADY({ request: row.id, by: by.name, decision })
  }
  const { state } = await describeRequest(core, transaction, row)
  if (state !== 'open' && state !== 'approved') {
    throw governanceErrors.APPROVAL_REQUEST_CLOSED({ request: row.id, state })
  }
}

/** @throws APPROVAL_REQUEST_NOT_FOUND */
export async function requestRow(queries: Queries, request: string): Promise<RequestRow> {
  const row = await queries
    .selectFrom('catalog_approval_requests')
    .selectAll()
    .where('id', '=', request)
    .executeTakeFirst()
  if (row === undefined) throw governanceErrors.APPROVAL_REQUEST_NOT_FOUND({ request })
  return row
}

export async function listRequests(
  core: CatalogCore,
  options: NonNullable<Parameters<Governance['requests']>[0]>,
): Promise<ApprovalRequest[]> {
  const { queries } = core.database
  const { model, projects, limit = 100 } = options
  if (projects?.length === 0) return []
  let query = queries
    .selectFrom('catalog_approval_requests as r')
    .innerJoin('catalog_models as m', 'm.number', 'r.model')
    .innerJoin('catalog_versions as v', (join) =>
      join.onRef('v.model', '=', 'r.model').onRef('v.version', '=', 'r.version'),
    )
    .selectAll('r')
  if (model !== undefined) query = query.where('m.name', '=', model)
  if (projects !== undefined) query = query.where('m.project', 'in', [...projects])
  const rows = await query
    .orderBy('r.requested_at_ms', 'desc')
    .orderBy('r.id')
    .limit(limit)
    .execute()
  const requests: ApprovalRequest[] = []
  for (const row of rows) requests.push(await describeRequest(core, queries, row))
  return requests
}

export async function describeRequest(
  core: Pick<CatalogCore, 'clock'>,
  queries: Queries,
  row: RequestRow,
): Promise<ApprovalRequest> {
  const environment = environmentOf(row)
  const model = await queries
    .selectFrom('catalog_models')
    .selectAll()
    .where('number', '=', row.model)
    .executeTakeFirstOrThrow()
  const version = await queries
    .selectFrom('catalog_versions')
    .selectAll()
    .where('model', '=', row.model)
    .where('version', '=', row.version)
    .executeTakeFirst()
  if (version === undefined) throw governanceErrors.APPROVAL_REQUEST_NOT_FOUND({ request: row.id })
  const scope = { project: model.project, model: model.number, environment }
  const rule = await ruleInForce(queries, scope)
  const decisions = await decisionsOn(queries, row.id)
  const atMs = core.clock.now()
  const needed = await approvalsNeeded(queries, { version, rule })
  return {
    id: row.id,
    model: model.name,
    project: model.project,
    version: row.version,
    environment,
    requestedBy: row.requested_by,
    requestedAtMs: row.requested_at_ms,
    expiresAtMs: row.expires_at_ms,
    reason: row.reason,
    state: stateOf(row, { decisions, needed, atMs }),
    needed,
    decisions: decisions.map(({ approver, decision, reason, at_ms }) => ({
      by: approver,
      decision: decision === 'approve' ? 'approve' : 'reject',
      reason,
      atMs: at_ms,
    })),
  }
}

interface StateFacts {
  readonly decisions: readonly DecisionRow[]
  readonly needed: number
  readonly atMs: number
}

function stateOf(row: RequestRow, { decisions, needed, atMs }: StateFacts): RequestState {
  if (row.used_by_event !== null) return 'used'
  if (decisions.some(({ decision }) => decision === 'reject')) return 'rejected'
  if (row.expires_at_ms <= atMs) return 'expired'
  return decisions.length >= Math.max(needed, 1) ? 'approved' : 'open'
}

function environmentOf({ environment }: RequestRow): Environment {
  return ENVIRONMENTS.find((name) => name === environment) ?? 'development'
}
