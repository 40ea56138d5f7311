import type { FastifyReply } from 'fastify'
import type { LoginSession } from '../../assurance/security/index.ts'

export const SESSION_COOKIE = 'esteira_session'
/** Readable by the page, which sends it back in `X-CSRF-Token`. */
export const CSRF_COOKIE = 'esteira_csrf'
/** What a login through an OpenID provider remembers until the browser comes back. */
export const LOGIN_COOKIE = 'esteira_login'

/** Attributes of a cookie that no script reads and no other site's form sends. */
export function cookieRules(isSecure: boolean) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure } as const
}

export function setSessionCookies(
  reply: FastifyReply,
  session: LoginSession,
  { isSecure }: { readonly isSecure: boolean },
): void {
  const rules = { ...cookieRules(isSecure), expires: new Date(session.expiresAtMs) }
  reply.setCookie(SESSION_COOKIE, session.secret, rules)
  reply.setCookie(CSRF_COOKIE, session.csrfToken, { ...rules, httpOnly: false })
}

export function clearSessionCookies(reply: FastifyReply, isSecure: boolean): void {
  reply.clearCookie(SESSION_COOKIE, cookieRules(isSecure))
  reply.clearCookie(CSRF_COOKIE, { ...cookieRules(isSecure), httpOnly: false })
}
