import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { createOidcLogin, type PendingLogin } from '../../../assurance/security/index.ts'
import type { ServerConfig } from '../config/server-config.ts'
import { cookieRules, LOGIN_COOKIE, setSessionCookies } from '../cookies.ts'
import { serverErrors } from '../errors.ts'
import type { ServerContext } from '../server-context.ts'

const CALLBACK = '/login/callback'
const LOGIN_WITHIN_S = 600

const pendingSchema = z.strictObject({
  state: z.string().max(200),
  nonce: z.string().max(200),
  verifier: z.string().max(200),
})

/** `GET /login` sends the browser to the provider, `GET /login/callback` takes it back. */
export function addProviderLogin(
  app: FastifyInstance,
  parts: { readonly context: ServerContext; readonly isSecure: boolean },
): void {
  const { access, config } = parts.context
  const login = createOidcLogin(settingsOf(config))
  const isPublic = { config: { isPublic: true } }
  // The cookie goes to the callback alone, and the browser brings it from the provider's page.
  const rules = { ...cookieRules(parts.isSecure), path: CALLBACK }
  app.get('/login', isPublic, async (request, reply) => {
    const { url, pending } = await login.begin(callbackUrl(request, config))
    reply.setCookie(LOGIN_COOKIE, pack(pending), { ...rules, maxAge: LOGIN_WITHIN_S })
    return reply.redirect(url)
  })
  app.get(CALLBACK, isPublic, async (request, reply) => {
    const pending = unpack(request.cookies[LOGIN_COOKIE])
    reply.clearCookie(LOGIN_COOKIE, rules)
    const { search } = new URL(request.url, 'http://localhost')
    const current = new URL(callbackUrl(request, config) + search)
    const identity = await login.finish(current, pending)
    const name = await access.admitIdentity(identity, request.ip)
    const by = { name, from: request.ip }
    const session = await access.openSession(name, by, config.sessionSeconds * 1_000)
    setSessionCookies(reply, session, parts)
    return reply.redirect('/')
  })
}

function settingsOf({ oidc }: ServerConfig) {
  const { issuer, clientId } = oidc
  if (issuer === undefined || clientId === undefined) {
    throw serverErrors.CONFIG_INVALID({
      source: 'oidc',
      reason: 'a provider needs both oidc.issuer and oidc.clientId',
      hint: 'Set both, or neither.',
    })
  }
  return { ...oidc, issuer, clientId }
}

function callbackUrl(request: FastifyRequest, { publicUrl }: ServerConfig): string {
  const base = publicUrl ?? `${request.protocol}://${request.host}`
  return base.replace(/\/$/, '') + CALLBACK
}

function pack(pending: PendingLogin): string {
  return Buffer.from(JSON.stringify(pending)).toString('base64url')
}

/** @throws REQUEST_INVALID when the login did not begin in this browser */
function unpack(cookie: string | undefined): PendingLogin {
  try {
    return pendingSchema.parse(JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString('utf8')))
  } catch (cause) {
    const reason = 'no login began in this browser, or too long ago; begin again at /login'
    throw serverErrors.REQUEST_INVALID({ reason }, cause)
  }
}
