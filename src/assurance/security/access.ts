import type { Clock } from '../../core/time/index.ts'
import type { Actor, ChangeListener, Database } from '../../platform/database/index.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { type ApiTokens, createApiTokens } from './api-tokens.ts'
import { type Authentication, createAuthentication } from './authenticate.ts'
import { createIdentities, type Identities } from './identities.ts'
import { createRoles, type Roles } from './roles.ts'
import { createSessions, type Sessions } from './sessions.ts'

/**
 * Accounts, roles, tokens and sessions. Every change is told to the audit trail in its own
 * transaction, in the name of the `Actor` that is given.
 */
export interface Access extends Accounts, Roles, ApiTokens, Sessions, Identities, Authentication {}

export interface AccessOptions {
  readonly clock: Clock
  /** Told of every change; usually the audit trail's. */
  readonly listener: ChangeListener
  /** Told of failed logins; `means` is what was not valid. @default nobody is told */
  readonly onRefused?: (attempt: { readonly actor: Actor; readonly means: string }) => Promise<void>
}

export function createAccess(database: Database, options: AccessOptions): Access {
  const { clock, listener, onRefused = async () => {} } = options
  const { forget, ...authentication } = createAuthentication({ database, clock, onRefused })
  const context = { database: forgetful(database, forget), clock, listener }
  return {
    ...createAccounts(context),
    ...createRoles(context),
    ...createApiTokens(context),
    ...createSessions(context),
    ...createIdentities(context),
    ...authentication,
  }
}

/** The same database; what was remembered is forgotten after every transaction. */
function forgetful(database: Database, forget: () => void): Database {
  return {
    ...database,
    async transaction(work) {
      try {
        return await database.transaction(work)
      } finally {
        forget()
      }
    },
  }
}
