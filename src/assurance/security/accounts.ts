import { ALL_PROJECTS } from '../../core/access/index.ts'
import { digestOfValue } from '../../core/identity/index.ts'
import type { Actor, Transaction } from '../../platform/database/index.ts'
import type { AccessContext } from './access-context.ts'
import {
  type AccountRow,
  accountChange,
  accountRow,
  digestOfAccount,
  insertAccount,
  newAccountRow,
} from './account-row.ts'
import { securityErrors } from './errors.ts'
import { checkPassword, hashPassword } from './password.ts'
import type { AccountKind } from './principal.ts'
import { refuseWithoutAdministrator } from './roles.ts'

export interface Account {
  readonly name: string
  readonly kind: AccountKind
  readonly isDisabled: boolean
  /** How it logs in. */
  readonly login: 'password' | 'provider' | 'tokens'
  readonly createdAtMs: number
}

export interface NewUser {
  readonly name: string
  /** At least 10 characters. */
  readonly password: string
  /** Grants `admin` of all projects. @default false */
  readonly isAdmin?: boolean
}

export interface Accounts {
  /** @throws ACCOUNT_NAME_INVALID, ACCOUNT_EXISTS, PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG */
  createUser(user: NewUser, by: Actor): Promise<Account>
  /** @throws ACCOUNT_NAME_INVALID, ACCOUNT_EXISTS */
  createServiceAccount(name: string, by: Actor): Promise<Account>
  /** Ends the user's sessions too. @throws ACCOUNT_UNKNOWN, ACCOUNT_WITHOUT_PASSWORD, PASSWORD_* */
  setPassword(name: string, password: string, by: Actor): Promise<void>
  /** Its tokens and sessions stop at once. @throws ACCOUNT_UNKNOWN, LAST_ADMINISTRATOR */
  disableUser(name: string, by: Actor): Promise<void>
  /** @throws ACCOUNT_UNKNOWN */
  enableUser(name: string, by: Actor): Promise<void>
  /** In the order of their names. */
  listAccounts(): Promise<readonly Account[]>
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$/u
/** Names that the audit trail uses for those who are no account. */
const TAKEN = ['local', 'platform', 'anonymous']

/** @throws ACCOUNT_NAME_INVALID */
export function checkAccountName(name: string): void {
  if (!NAME.test(name) || TAKEN.includes(name.toLowerCase())) {
    throw securityErrors.ACCOUNT_NAME_INVALID({ got: name.slice(0, 100) })
  }
}

export function createAccounts(context: AccessContext): Accounts {
  const { database, clock, listener } = context
  return {
    async createUser({ name, password, isAdmin = false }, by) {
      checkAccountName(name)
      checkPassword(password)
      const hash = await hashPassword(password)
      const row = { ...newAccountRow(name, 'user', clock.now()), password_hash: hash }
      await database.transaction(async (transaction) => {
        await insertAccount(transaction, row)
        const changes = [accountChange(by, 'account.create', row)]
        if (isAdmin) {
          const role = { account: name, project: ALL_PROJECTS, source: 'granted', role: 'admin' }
          await transaction.insertInto('account_roles').values(role).execute()
          changes.push({
            ...accountChange(by, 'role.grant', row),
            after: digestOfValue(role),
            reason: `admin of ${ALL_PROJECTS}`,
          })
        }
        await listener(transaction, changes)
      })
      return accountOf(row)
    },
    async createServiceAccount(name, by) {
      checkAccountName(name)
      const row = newAccountRow(name, 'service-account', clock.now())
      await database.transaction(async (transaction) => {
        await insertAccount(transaction, row)
        await listener(transaction, [accountChange(by, 'account.create', row)])
      })
      return accountOf(row)
    },
    async setPassword(name, password, by) {
      checkPassword(password)
      const hash = await hashPassword(password)
      await changeAccount(
        context,
        { name, by, action: 'account.password' },
        async (transaction) => {
          const row = await accountRow(transaction, name)
          if (row.kind !== 'user' || row.issuer !== null) {
            throw securityErrors.ACCOUNT_WITHOUT_PASSWORD({ name })
          }
          await endSessions(transaction, name)
          return { password_hash: hash }
        },
      )
    },
    disableUser: (name, by) =>
      changeAccount(context, { name, by, action: 'account.disable' }, async (transaction) => {
        await refuseWithoutAdministrator(transaction, { name })
        await endSessions(transaction, name)
        return { is_disabled: 1 }
      }),
    enableUser: (name, by) =>
      changeAccount(context, { name, by, action: 'account.enable' }, async () => ({
        is_disabled: 0,
      })),
    async listAccounts() {
      const rows = await database.queries
        .selectFrom('accounts')
        .selectAll()
        .orderBy('name')
        .execute()
      return rows.map(accountOf)
    },
  }
}

async function changeAccount(
  { database, listener }: AccessContext,
  change: { readonly name: string; readonly by: Actor; readonly action: string },
  work: (transaction: Transaction) => Promise<Partial<AccountRow>>,
): Promise<void> {
  await database.transaction(async (transaction) => {
    const before = await accountRow(transaction, change.name)
    const values = await work(transaction)
    await transaction.updateTable('accounts').set(values).where('name', '=', change.name).execute()
    const after = { ...before, ...values }
    await listener(transaction, [
      { ...accountChange(change.by, change.action, after), before: digestOfAccount(before) },
    ])
  })
}

async function endSessions(transaction: Transaction, account: string): Promise<void> {
  await transaction.deleteFrom('login_sessions').where('account', '=', account).execute()
}

function accountOf(row: AccountRow): Account {
  const byPassword = row.password_hash === null ? 'tokens' : 'password'
  return {
    name: row.name,
    kind: row.kind === 'user' ? 'user' : 'service-account',
    isDisabled: row.is_disabled === 1,
    login: row.issuer === null ? byPassword : 'provider',
    createdAtMs: row.created_at_ms,
  }
}
