import { isRole } from '../../core/access/index.ts'
import type { Database } from '../../platform/database/index.ts'
import type { AccountFacts } from './principal.ts'

export interface AccountSnapshot extends AccountFacts {
  readonly isDisabled: boolean
  readonly passwordHash: string | null
}

/** Reads an account with its roles. */
export async function readAccount(
  { queries }: Database,
  name: string,
): Promise<AccountSnapshot | undefined> {
  const rows = await queries
    .selectFrom('accounts')
    .leftJoin('account_roles', 'account_roles.account', 'accounts.name')
    .where('accounts.name', '=', name)
    .select(['accounts.name', 'kind', 'is_disabled', 'password_hash', 'project', 'role'])
    .execute()
  const [first] = rows
  if (first === undefined) return undefined
  return {
    name: first.name,
    kind: first.kind === 'user' ? 'user' : 'service-account',
    isDisabled: first.is_disabled === 1,
    passwordHash: first.password_hash,
    roles: rows.flatMap(({ project, role }) =>
      project === null || role === null || !isRole(role) ? [] : [{ project, role }],
    ),
  }
}
