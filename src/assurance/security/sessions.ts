import { createHash, randomBytes } from 'node:crypto'
import { ALL_PROJECTS } from '../../core/access/index.ts'
import type { Actor } from '../../platform/database/index.ts'
import type { AccessContext } from './access-context.ts'
import { digestOfSecret } from './api-tokens.ts'

export interface LoginSession {
  /** For the cookie; only its hash is stored. */
  readonly secret: string
  readonly csrfToken: string
  readonly expiresAtMs: number
}

export interface Sessions {
  /** Opens a browser session for an account whose login was checked. @default 12 hours */
  openSession(account: string, by: Actor, lastsMs?: number): Promise<LoginSession>
  /** Ends it; an unknown one is no error. */
  endSession(secret: string, by: Actor): Promise<void>
}

const DEFAULT_LASTS_MS = 12 * 3_600_000
const SECRET_BYTES = 32

/** Bound to the session, so that a token of another session is worth nothing. */
export function csrfTokenOf(secret: string): string {
  return createHash('sha256').update(`csrf:${secret}`).digest('base64url')
}

export function createSessions({ database, clock, listener }: AccessContext): Sessions {
  return {
    async openSession(account, by, lastsMs = DEFAULT_LASTS_MS) {
      const secret = randomBytes(SECRET_BYTES).toString('base64url')
      const nowMs = clock.now()
      const expiresAtMs = nowMs + lastsMs
      await database.transaction(async (transaction) => {
        await transaction.deleteFrom('login_sessions').where('expires_at_ms', '<', nowMs).execute()
        await transaction
          .insertInto('login_sessions')
          .values({
            id_sha256: digestOfSecret(secret),
            account,
            created_at_ms: nowMs,
            expires_at_ms: expiresAtMs,
          })
          .execute()
        await listener(transaction, [sessionChange(by, 'session.open', account)])
      })
      return { secret, csrfToken: csrfTokenOf(secret), expiresAtMs }
    },
    endSession: (secret, by) =>
      database.transaction(async (transaction) => {
        const ended = await transaction
          .deleteFrom('login_sessions')
          .where('id_sha256', '=', digestOfSecret(secret))
          .returning('account')
          .executeTakeFirst()
        if (ended === undefined) return
        await listener(transaction, [sessionChange(by, 'session.end', ended.account)])
      }),
  }
}

function sessionChange(actor: Actor, action: string, account: string) {
  return {
    actor,
    action,
    subject: `account/${account}`,
    project: ALL_PROJECTS,
    before: null,
    after: null,
    reason: null,
  }
}
