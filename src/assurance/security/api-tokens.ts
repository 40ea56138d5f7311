import { createHash, randomBytes } from 'node:crypto'
import { ALL_PROJECTS, isPermission, PERMISSION_NAMES } from '../../core/access/index.ts'
import { digestOfValue } from '../../core/identity/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { Actor } from '../../platform/database/index.ts'
import type { AccessContext } from './access-context.ts'
import { accountRow } from './account-row.ts'
import { securityErrors } from './errors.ts'
import { FULL_SCOPE, type TokenScope } from './principal.ts'

export interface NewToken {
  readonly account: string
  /** What it is for; shown in lists. */
  readonly name: string
  /** @default all that the account may */
  readonly scope?: Partial<TokenScope>
  /** @default never */
  readonly expiresAtMs?: number
}

/** A token as it is listed: never its secret. */
export interface ApiToken {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly scope: TokenScope
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  /** To the minute. */
  readonly lastUsedAtMs: number | null
  readonly revokedAtMs: number | null
}

export interface ApiTokens {
  /**
   * @returns the token's text, which is shown this once and stored nowhere.
   * @throws ACCOUNT_UNKNOWN, PERMISSION_UNKNOWN, TOKEN_EXPIRY_INVALID
   */
  createToken(token: NewToken, by: Actor): Promise<ApiToken & { readonly text: string }>
  /** Revoking twice changes nothing. @throws TOKEN_UNKNOWN */
  revokeToken(id: string, by: Actor): Promise<void>
  /** Newest last. */
  listTokens(account?: string): Promise<readonly ApiToken[]>
}

const ID_BYTES = 8
const SECRET_BYTES = 32
const TEXT = /^est_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

/** SHA-256 is enough: the secret has 256 random bits, so there is nothing to guess. */
export function digestOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** The parts of `est_<id>_<secret>`; undefined for any other text. */
export function parseToken(text: string): { id: string; secret: string } | undefined {
  const [, id, secret] = TEXT.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

export function createApiTokens({ database, clock, listener }: AccessContext): ApiTokens {
  return {
    async createToken({ account, name, scope, expiresAtMs }, by) {
      const nowMs = clock.now()
      const wanted = checkedScope({ ...FULL_SCOPE, ...scope })
      if (expiresAtMs !== undefined && !(expiresAtMs > nowMs)) {
        const got = Number.isFinite(expiresAtMs) ? isoTime(expiresAtMs) : String(expiresAtMs)
        throw securityErrors.TOKEN_EXPIRY_INVALID({ got })
      }
      const id = randomBytes(ID_BYTES).toString('hex')
      const secret = randomBytes(SECRET_BYTES).toString('base64url')
      const row: TokenRow = {
        id,
        account,
        name,
        secret_sha256: digestOfSecret(secret),
        scope_json: JSON.stringify(wanted),
        created_at_ms: nowMs,
        expires_at_ms: expiresAtMs ?? null,
        last_used_at_ms: null,
        revoked_at_ms: null,
      }
      await database.transaction(async (transaction) => {
        await accountRow(transaction, account)
        await transaction.insertInto('api_tokens').values(row).execute()
        await listener(transaction, [
          tokenChange(by, 'token.create', { before: null, after: tokenFrom(row) }),
        ])
      })
      return { ...tokenFrom(row), text: `est_${id}_${secret}` }
    },
    revokeToken: (id, by) =>
      database.transaction(async (transaction) => {
        const row = await transaction
          .selectFrom('api_tokens')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst()
        if (row === undefined) throw securityErrors.TOKEN_UNKNOWN({ id: id.slice(0, 100) })
        if (row.revoked_at_ms !== null) return
        const revoked = { ...row, revoked_at_ms: clock.now() }
        await transaction
          .updateTable('api_tokens')
          .set({ revoked_at_ms: revoked.revoked_at_ms })
          .where('id', '=', id)
          .execute()
        await listener(transaction, [
          tokenChange(by, 'token.revoke', { before: tokenFrom(row), after: tokenFrom(revoked) }),
        ])
      }),
    async listTokens(account) {
      const all = database.queries.selectFrom('api_tokens').selectAll()
      const wanted = account === undefined ? all : all.where('account', '=', account)
      const rows = await wanted.orderBy('created_at_ms').orderBy('id').execute()
      return rows.map(tokenFrom)
    },
  }
}

interface TokenRow {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly secret_sha256: string
  readonly scope_json: string
  readonly created_at_ms: number
  readonly expires_at_ms: number | null
  readonly last_used_at_ms: number | null
  readonly revoked_at_ms: number | null
}

function checkedScope(scope: TokenScope): TokenScope {
  for (const permission of scope.permissions ?? []) {
    if (!isPermission(permission)) {
      const known = PERMISSION_NAMES
      throw securityErrors.PERMISSION_UNKNOWN({ got: String(permission), known })
    }
  }
  return scope
}

export function tokenFrom(row: TokenRow): ApiToken {
  return {
    id: row.id,
    account: row.account,
    name: row.name,
    scope: JSON.parse(row.scope_json) as TokenScope,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    revokedAtMs: row.revoked_at_ms,
  }
}

function tokenChange(
  actor: Actor,
  action: string,
  { before, after }: { readonly before: ApiToken | null; readonly after: ApiToken },
) {
  // The time of last use is no part of what was decided.
  const digest = (token: ApiToken | null) =>
    token === null ? null : digestOfValue({ ...token, lastUsedAtMs: null })
  return {
    actor,
    action,
    subject: `token/${after.id}`,
    project: after.scope.project ?? ALL_PROJECTS,
    before: digest(before),
    after: digest(after),
    reason: `of ${after.account}: ${after.name}`,
  }
}
