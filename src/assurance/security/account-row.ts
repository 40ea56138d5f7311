import { ALL_PROJECTS } from '../../core/access/index.ts'
import { digestOfValue } from '../../core/identity/index.ts'
import type { Actor, Queries, Transaction } from '../../platform/database/index.ts'
import { securityErrors } from './errors.ts'
import type { AccountKind } from './principal.ts'

export interface AccountRow {
  readonly name: string
  readonly kind: string
  readonly password_hash: string | null
  readonly is_disabled: number
  readonly issuer: string | null
  readonly subject: string | null
  readonly created_at_ms: number
}

export function newAccountRow(name: string, kind: AccountKind, nowMs: number): AccountRow {
  return {
    name,
    kind,
    password_hash: null,
    is_disabled: 0,
    issuer: null,
    subject: null,
    created_at_ms: nowMs,
  }
}

/** @throws ACCOUNT_EXISTS */
export async function insertAccount(transaction: Transaction, row: AccountRow): Promise<void> {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('accounts')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows !== 1n) throw securityErrors.ACCOUNT_EXISTS({ name: row.name })
}

/** @throws ACCOUNT_UNKNOWN */
export async function accountRow(queries: Queries, name: string): Promise<AccountRow> {
  const row = await queries
    .selectFrom('accounts')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst()
  if (row !== undefined) return row
  const known = await queries.selectFrom('accounts').select('name').limit(1_000).execute()
  throw securityErrors.ACCOUNT_UNKNOWN({ name, known: known.map((account) => account.name) })
}

export function accountChange(actor: Actor, action: string, row: AccountRow) {
  return {
    actor,
    action,
    subject: `account/${row.name}`,
    project: ALL_PROJECTS,
    before: null as string | null,
    after: digestOfAccount(row) as string | null,
    reason: null as string | null,
  }
}

/** The hash of a password is a digest already; here it only tells one password from another. */
export function digestOfAccount(row: AccountRow): string {
  return digestOfValue(row)
}
