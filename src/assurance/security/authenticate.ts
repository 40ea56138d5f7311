import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../core/time/index.ts'
import type { Actor, Database } from '../../platform/database/index.ts'
import { digestOfSecret, parseToken, tokenFrom } from './api-tokens.ts'
import { securityErrors } from './errors.ts'
import { createLoginThrottle } from './login-throttle.ts'
import { hashPassword, verifyPassword } from './password.ts'
import { accountPrincipal, type Principal, type TokenScope } from './principal.ts'
import { type AccountSnapshot, readAccount } from './read-account.ts'
import { csrfTokenOf } from './sessions.ts'
import { createShortMemory } from './short-memory.ts'

export interface Credentials {
  readonly name: string
  readonly password: string
  /** The address that asks; failures are counted by name and address. */
  readonly from: string
}

export interface AuthenticatedSession {
  readonly principal: Principal
  /** What a page must send in `X-CSRF-Token` with every unsafe request. */
  readonly csrfToken: string
}

export interface Authentication {
  /**
   * Name and password.
   * @throws LOGIN_FAILED for a wrong name or password, or a disabled account; LOGIN_THROTTLED after
   * several failures
   */
  authenticateBasic(credentials: Credentials): Promise<Principal>
  /** @throws LOGIN_FAILED for a token that is unknown, expired, revoked or of a disabled account */
  authenticateToken(token: string, from: string): Promise<Principal>
  /** @returns undefined for a session that is unknown or over. */
  authenticateSession(secret: string, from: string): Promise<AuthenticatedSession | undefined>
}

export interface AuthenticationOptions {
  readonly database: Database
  readonly clock: Clock
  /** Told of failed logins with a password or token. */
  readonly onRefused: (attempt: { readonly actor: Actor; readonly means: string }) => Promise<void>
}

interface StoredToken {
  readonly secretSha256: string
  readonly account: string
  readonly scope: TokenScope
  readonly expiresAtMs: number | null
  readonly isRevoked: boolean
}

interface StoredSession {
  readonly account: string
  readonly expiresAtMs: number
}

/** Passwords that were right, kept as keyed digests: clients send theirs with every request. */
const MAX_VERIFIED = 1_000
/** The time of last use is written at most this often a token. */
const LAST_USE_MS = 60_000

/** @returns the means to authenticate, and `forget` for when an account, role or token changed. */
export function createAuthentication(
  options: AuthenticationOptions,
): Authentication & { forget(): void } {
  const { database, clock, onRefused } = options
  const throttle = createLoginThrottle(clock)
  const accounts = createShortMemory(clock, (name) => readAccount(database, name))
  const tokens = createShortMemory(clock, (id) => readToken(database, id))
  const sessions = createShortMemory(clock, (hash) => readSession(database, hash))
  const check = createPasswordCheck()
  const noteUse = createUseNotes(database, clock)
  const refuse = async (name: string, from: string, means: string) => {
    throttle.failed(name, from)
    await onRefused({ actor: { name: name.slice(0, LONGEST_NAME) || 'anonymous', from }, means })
    return securityErrors.LOGIN_FAILED({ means })
  }
  return {
    async authenticateBasic({ name, password, from }) {
      throttle.check(name, from)
      const account = await accounts.get(name)
      const isRight = await check(account, password)
      if (account === undefined || !isRight || account.isDisabled) {
        throw await refuse(name, from, 'name or password')
      }
      throttle.succeeded(name, from)
      return accountPrincipal(account, from)
    },
    async authenticateToken(text, from) {
      const parsed = parseToken(text)
      const label = parsed === undefined ? 'token' : `token ${parsed.id}`
      throttle.check(label, from)
      const token = parsed === undefined ? undefined : await tokens.get(parsed.id)
      if (parsed === undefined || token === undefined || !isValid(token, parsed.secret, clock)) {
        throw await refuse(label, from, 'API token')
      }
      const account = await accounts.get(token.account)
      if (account === undefined || account.isDisabled) throw await refuse(label, from, 'API token')
      await noteUse(parsed.id)
      return accountPrincipal(account, from, token.scope)
    },
    async authenticateSession(secret, from) {
      const session = await sessions.get(digestOfSecret(secret))
      if (session === undefined || session.expiresAtMs <= clock.now()) return undefined
      const account = await accounts.get(session.account)
      if (account === undefined || account.isDisabled) return undefined
      return { principal: accountPrincipal(account, from), csrfToken: csrfTokenOf(secret) }
    },
    forget() {
      accounts.forget()
      tokens.forget()
      sessions.forget()
    },
  }
}

const LONGEST_NAME = 200

function isValid(token: StoredToken, secret: string, clock: Clock): boolean {
  const given = Buffer.from(digestOfSecret(secret), 'hex')
  const stored = Buffer.from(token.secretSha256, 'hex')
  if (given.length !== stored.length || !timingSafeEqual(given, stored)) return false
  return !token.isRevoked && (token.expiresAtMs === null || token.expiresAtMs > clock.now())
}

/**
 * Compares a password with an account's hash. An account that does not exist costs the same time as
 * one that does; a password that was right a moment ago costs next to nothing.
 */
function createPasswordCheck() {
  const key = randomBytes(32)
  const verified = new Set<string>()
  let decoy: Promise<string> | undefined
  return async (account: AccountSnapshot | undefined, password: string): Promise<boolean> => {
    const hash = account?.passwordHash
    if (hash === undefined || hash === null) {
      decoy ??= hashPassword(randomBytes(16).toString('hex'))
      await verifyPassword(password, await decoy)
      return false
    }
    // The stored hash is part of it: a changed password makes it worthless.
    const mark = createHmac('sha256', key).update(`${hash}\0${password}`).digest('base64')
    if (verified.has(mark)) return true
    const isRight = await verifyPassword(password, hash)
    if (isRight) {
      if (verified.size >= MAX_VERIFIED) verified.clear()
      verified.add(mark)
    }
    return isRight
  }
}

function createUseNotes(database: Database, clock: Clock) {
  const written = new Map<string, number>()
  return async (id: string): Promise<void> => {
    const nowMs = clock.now()
    if (nowMs - (written.get(id) ?? Number.NEGATIVE_INFINITY) < LAST_USE_MS) return
    if (written.size >= MAX_VERIFIED) written.clear()
    written.set(id, nowMs)
    await database.queries
      .updateTable('api_tokens')
      .set({ last_used_at_ms: nowMs })
      .where('id', '=', id)
      .execute()
  }
}

async function readToken({ queries }: Database, id: string): Promise<StoredToken | undefined> {
  const row = await queries
    .selectFrom('api_tokens')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { account, scope, expiresAtMs, revokedAtMs } = tokenFrom(row)
  return {
    secretSha256: row.secret_sha256,
    account,
    scope,
    expiresAtMs,
    isRevoked: revokedAtMs !== null,
  }
}

async function readSession(
  { queries }: Database,
  hash: string,
): Promise<StoredSession | undefined> {
  const row = await queries
    .selectFrom('login_sessions')
    .select(['account', 'expires_at_ms'])
    .where('id_sha256', '=', hash)
    .executeTakeFirst()
  return row === undefined ? undefined : { account: row.account, expiresAtMs: row.expires_at_ms }
}
