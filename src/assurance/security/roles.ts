import { ALL_PROJECTS, isRole, ROLES, type Role } from '../../core/access/index.ts'
import { digestOfValue } from '../../core/identity/index.ts'
import type { Actor, Queries, Transaction } from '../../platform/database/index.ts'
import type { AccessContext } from './access-context.ts'
import { accountRow } from './account-row.ts'
import { securityErrors } from './errors.ts'

/** Granted by an administrator, or brought by groups at the OpenID provider. */
export type RoleSource = 'granted' | 'provider'

export interface RoleGrant {
  readonly account: string
  /** `*` is all projects. */
  readonly project: string
  readonly role: Role
  readonly source: RoleSource
}

export interface RoleWanted {
  readonly account: string
  readonly project: string
  readonly role: Role
}

export interface Roles {
  /** One granted role an account and project: a second grant replaces the first. @throws ACCOUNT_UNKNOWN, ROLE_INVALID, LAST_ADMINISTRATOR */
  grantRole(wanted: RoleWanted, by: Actor): Promise<void>
  /** @throws ACCOUNT_UNKNOWN, ROLE_NOT_HELD, LAST_ADMINISTRATOR */
  revokeRole(held: { readonly account: string; readonly project: string }, by: Actor): Promise<void>
  /** In the order of accounts and projects. */
  roles(account?: string): Promise<readonly RoleGrant[]>
  /** Whether a user that is not disabled holds `admin` of all projects. */
  hasAdministrator(): Promise<boolean>
}

export function createRoles({ database, listener }: AccessContext): Roles {
  return {
    grantRole: ({ account, project, role }, by) =>
      database.transaction(async (transaction) => {
        if (!isRole(role)) throw securityErrors.ROLE_INVALID({ got: String(role), known: ROLES })
        await accountRow(transaction, account)
        if (role !== 'admin' && project === ALL_PROJECTS) {
          await refuseWithoutAdministrator(transaction, { name: account, source: 'granted' })
        }
        const grant: RoleGrant = { account, project, source: 'granted', role }
        const before = await grantOf(transaction, { account, project })
        await transaction
          .insertInto('account_roles')
          .values(grant)
          .onConflict((conflict) =>
            conflict.columns(['account', 'project', 'source']).doUpdateSet({ role }),
          )
          .execute()
        await listener(transaction, [
          roleChange({ by, action: 'role.grant', before, after: grant, account, project }),
        ])
      }),
    revokeRole: ({ account, project }, by) =>
      database.transaction(async (transaction) => {
        await accountRow(transaction, account)
        const before = await grantOf(transaction, { account, project })
        if (before === undefined) throw securityErrors.ROLE_NOT_HELD({ name: account, project })
        if (project === ALL_PROJECTS) {
          await refuseWithoutAdministrator(transaction, { name: account, source: 'granted' })
        }
        await transaction
          .deleteFrom('account_roles')
          .where('account', '=', account)
          .where('project', '=', project)
          .where('source', '=', 'granted')
          .execute()
        await listener(transaction, [
          roleChange({ by, action: 'role.revoke', before, after: undefined, account, project }),
        ])
      }),
    async roles(account) {
      const all = database.queries.selectFrom('account_roles').selectAll()
      const wanted = account === undefined ? all : all.where('account', '=', account)
      const rows = await wanted.orderBy('account').orderBy('project').orderBy('source').execute()
      return rows.map(grantFrom)
    },
    hasAdministrator: async () => (await administrators(database.queries)).length > 0,
  }
}

interface RoleRow {
  readonly account: string
  readonly project: string
  readonly source: string
  readonly role: string
}

function grantFrom(row: RoleRow): RoleGrant {
  return {
    account: row.account,
    project: row.project,
    // The database refuses any other word.
    role: isRole(row.role) ? row.role : 'viewer',
    source: row.source === 'provider' ? 'provider' : 'granted',
  }
}

async function grantOf(
  transaction: Transaction,
  { account, project }: { readonly account: string; readonly project: string },
): Promise<RoleGrant | undefined> {
  const row = await transaction
    .selectFrom('account_roles')
    .selectAll()
    .where('account', '=', account)
    .where('project', '=', project)
    .where('source', '=', 'granted')
    .executeTakeFirst()
  return row === undefined ? undefined : grantFrom(row)
}

function administrators(queries: Queries) {
  return queries
    .selectFrom('account_roles')
    .innerJoin('accounts', 'accounts.name', 'account_roles.account')
    .where('project', '=', ALL_PROJECTS)
    .where('role', '=', 'admin')
    .where('is_disabled', '=', 0)
    .select(['account', 'source'])
    .execute()
}

/**
 * Refuses what would leave a server that has an administrator with none.
 * @throws LAST_ADMINISTRATOR
 */
export async function refuseWithoutAdministrator(
  transaction: Transaction,
  leaving: { readonly name: string; readonly source?: RoleSource },
): Promise<void> {
  const before = await administrators(transaction)
  const after = before.filter(
    ({ account, source }) =>
      account !== leaving.name || (leaving.source !== undefined && source !== leaving.source),
  )
  if (before.length > 0 && after.length === 0) {
    throw securityErrors.LAST_ADMINISTRATOR({ name: leaving.name })
  }
}

export function roleChange(change: {
  readonly by: Actor
  readonly action: string
  readonly account: string
  readonly project: string
  readonly before: RoleGrant | undefined
  readonly after: RoleGrant | undefined
}) {
  const digest = (grant: RoleGrant | undefined) =>
    grant === undefined ? null : digestOfValue(grant)
  return {
    actor: change.by,
    action: change.action,
    subject: `account/${change.account}`,
    project: change.project,
    before: digest(change.before),
    after: digest(change.after),
    reason: change.after === undefined ? null : `${change.after.role} (${change.after.source})`,
  }
}
