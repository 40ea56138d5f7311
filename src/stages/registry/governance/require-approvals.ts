import type { Selectable } from 'kysely'
import type { Environment } from '../../../core/records/index.ts'
import type { DatabaseTables, Queries, Transaction } from '../../../platform/database/index.ts'
import type { ModelRow, VersionRow } from '../catalog/catalog-rows.ts'
import type { Approval } from '../catalog/history.ts'
import { governanceErrors } from './errors.ts'
import type { PromotionRule } from './promotion-rule.ts'

export type RequestRow = Selectable<DatabaseTables['catalog_approval_requests']>
export type DecisionRow = Selectable<DatabaseTables['catalog_approval_decisions']>

export interface ApprovalNeed {
  readonly model: ModelRow
  readonly version: VersionRow
  readonly environment: Environment
  readonly rule: PromotionRule
  readonly atMs: number
}

/** What a promotion rests on; no request when the rule asks for none. */
export interface GivenApprovals {
  readonly request: string | null
  readonly approvals: readonly Approval[]
}

/** How many approvals this version needs. */
export async function approvalsNeeded(
  queries: Queries,
  { version, rule }: Pick<ApprovalNeed, 'version' | 'rule'>,
): Promise<number> {
  if (version.verdict !== null) return rule.approvals
  if (!rule.waivedWithoutLogins || rule.approvalsUnjudged === 0) return rule.approvalsUnjudged
  return (await peopleLogIn(queries)) ? rule.approvalsUnjudged : 0
}

/** Whether there are accounts, so that there is somebody else to ask. */
async function peopleLogIn(queries: Queries): Promise<boolean> {
  const account = await queries
    .selectFrom('accounts')
    .select('name')
    .where('is_disabled', '=', 0)
    .limit(1)
    .executeTakeFirst()
  return account !== undefined
}

/**
 * The newest request that is approved, not expired and not used yet.
 * @throws APPROVAL_NEEDED
 */
export async function requireApprovals(
  transaction: Transaction,
  need: ApprovalNeed,
): Promise<GivenApprovals> {
  const { model, version, environment, rule } = need
  const needed = await approvalsNeeded(transaction, need)
  const requests = await openRequests(transaction, need)
  let got = 0
  for (const request of requests) {
    const decisions = await decisionsOn(transaction, request.id)
    if (decisions.some(({ decision }) => decision === 'reject')) continue
    const counted = decisions.filter(
      ({ approver }) => !rule.fourEyes || ownInterest(approver, request, version) === undefined,
    )
    if (counted.length >= needed) {
      const approvals = counted.map((row) => ({
        by: row.approver,
        atMs: row.at_ms,
        reason: row.reason,
      }))
      return { request: request.id, approvals }
    }
    got = Math.max(got, counted.length)
  }
  if (needed === 0) return { request: null, approvals: [] }
  throw governanceErrors.APPROVAL_NEEDED({
    model: model.name,
    version: version.version,
    environment,
    needed,
    got,
    request: requests[0]?.id ?? null,
  })
}

/** Why somebody is not the second pair of eyes, or undefined. */
export function ownInterest(
  approver: string,
  request: RequestRow,
  version: VersionRow,
): string | undefined {
  if (approver === request.requested_by) return 'the same name asked for the promotion'
  if (approver === version.user_name) return 'the same name registered the version'
  return undefined
}

export function decisionsOn(queries: Queries, request: string): Promise<DecisionRow[]> {
  return queries
    .selectFrom('catalog_approval_decisions')
    .selectAll()
    .where('request', '=', request)
    .orderBy('sequence')
    .execute()
}

/** Requests that may still be used, newest first. */
async function openRequests(
  transaction: Transaction,
  { model, version, environment, atMs }: ApprovalNeed,
): Promise<RequestRow[]> {
  return transaction
    .selectFrom('catalog_approval_requests')
    .selectAll()
    .where('model', '=', model.number)
    .where('version', '=', version.version)
    .where('environment', '=', environment)
    .where('used_by_event', 'is', null)
    .where('expires_at_ms', '>', atMs)
    .orderBy('requested_at_ms', 'desc')
    .orderBy('id')
    .execute()
}
