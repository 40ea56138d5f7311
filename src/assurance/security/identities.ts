import type { Actor, Transaction } from '../../platform/database/index.ts'
import type { AccessContext } from './access-context.ts'
import { accountChange, insertAccount, newAccountRow } from './account-row.ts'
import { checkAccountName } from './accounts.ts'
import { securityErrors } from './errors.ts'
import type { HeldRole } from './principal.ts'
import { type RoleGrant, roleChange } from './roles.ts'

/** Somebody whom an OpenID provider vouches for. */
export interface Identity {
  readonly issuer: string
  /** Who it is at the provider, for ever. */
  readonly subject: string
  /** The name to have here; only the first login of an identity uses it. */
  readonly name: string
  /** What the provider's groups bring, instead of what they brought at the last login. */
  readonly roles: readonly HeldRole[]
}

export interface Identities {
  /**
   * The account of an identity, made at its first login, with the roles its groups bring now.
   * @returns the account's name
   * @throws IDENTITY_REFUSED when its name belongs to another account, or the account is disabled
   */
  admitIdentity(identity: Identity, from: string): Promise<string>
}

export function createIdentities({ database, clock, listener }: AccessContext): Identities {
  return {
    admitIdentity: (identity, from) =>
      database.transaction(async (transaction) => {
        const known = await transaction
          .selectFrom('accounts')
          .select(['name', 'is_disabled'])
          .where('issuer', '=', identity.issuer)
          .where('subject', '=', identity.subject)
          .executeTakeFirst()
        if (known?.is_disabled === 1) {
          throw securityErrors.IDENTITY_REFUSED({ reason: `"${known.name}" is disabled` })
        }
        const name = known?.name ?? identity.name
        const by: Actor = { name, from }
        const changes = []
        if (known === undefined) {
          const row = await createAccount(transaction, identity, clock.now())
          changes.push(accountChange(by, 'account.create', row))
        }
        changes.push(...(await replaceRoles(transaction, { name, by, roles: identity.roles })))
        await listener(transaction, changes)
        return name
      }),
  }
}

async function createAccount(transaction: Transaction, identity: Identity, nowMs: number) {
  checkAccountName(identity.name)
  const { issuer, subject } = identity
  const row = { ...newAccountRow(identity.name, 'user', nowMs), issuer, subject }
  const taken = await transaction
    .selectFrom('accounts')
    .select('name')
    .where('name', '=', identity.name)
    .executeTakeFirst()
  // Never joined with an account that is there: the provider would take it over.
  if (taken !== undefined) {
    throw securityErrors.IDENTITY_REFUSED({ reason: `the name "${identity.name}" is taken here` })
  }
  await insertAccount(transaction, row)
  return row
}

async function replaceRoles(
  transaction: Transaction,
  wanted: { readonly name: string; readonly by: Actor; readonly roles: readonly HeldRole[] },
) {
  const { name: account, by } = wanted
  const rows = await transaction
    .selectFrom('account_roles')
    .selectAll()
    .where('account', '=', account)
    .where('source', '=', 'provider')
    .execute()
  const before = new Map(rows.map(({ project, role }) => [project, role]))
  const after = new Map(wanted.roles.map(({ project, role }) => [project, role]))
  const changes = []
  for (const project of new Set([...before.keys(), ...after.keys()])) {
    const role = after.get(project)
    if (role === before.get(project)) continue
    const place = { account, project, source: 'provider' } as const
    await transaction
      .deleteFrom('account_roles')
      .where('account', '=', account)
      .where('project', '=', project)
      .where('source', '=', 'provider')
      .execute()
    const grant: RoleGrant | undefined = role === undefined ? undefined : { ...place, role }
    if (grant !== undefined) await transaction.insertInto('account_roles').values(grant).execute()
    const action = grant === undefined ? 'role.revoke' : 'role.grant'
    changes.push(roleChange({ by, action, account, project, before: undefined, after: grant }))
  }
  return changes
}
