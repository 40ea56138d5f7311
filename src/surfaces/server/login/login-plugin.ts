import { z } from 'zod'
import { clearSessionCookies, SESSION_COOKIE, setSessionCookies } from '../cookies.ts'
import { serverErrors } from '../errors.ts'
import type { ServerPlugin } from '../server-context.ts'
import { loginPage } from './login-page.ts'

const loginBody = z.strictObject({ name: z.string().max(200), password: z.string().max(1_024) })

/** Browser logins: with a password or through an OpenID provider, and the way out. */
export const loginPlugin: ServerPlugin = async (app, context) => {
  const { access, config } = context
  const isSecure = config.publicUrl?.startsWith('https:') ?? false
  const isPublic = { config: { isPublic: true } }
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 8_192 },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
  app.get('/login/password', isPublic, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(loginPage()),
  )
  app.post('/login', isPublic, async (request, reply) => {
    const parsed = loginBody.safeParse(request.body)
    if (!parsed.success) {
      throw serverErrors.REQUEST_INVALID({ reason: 'expected a name and a password' })
    }
    const principal = await access.authenticateBasic({ ...parsed.data, from: request.ip })
    const session = await access.openSession(
      principal.name,
      { name: principal.name, from: request.ip },
      config.sessionSeconds * 1_000,
    )
    setSessionCookies(reply, session, { isSecure })
    if (request.headers['content-type']?.startsWith('application/x-www-form') === true) {
      return reply.redirect('/', 303)
    }
    return { name: principal.name, csrfToken: session.csrfToken }
  })
  app.post('/logout', async (request, reply) => {
    const secret = request.cookies[SESSION_COOKIE]
    if (secret !== undefined) await access.endSession(secret, request.principal)
    clearSessionCookies(reply, isSecure)
    return { loggedOut: true }
  })
  if (config.oidc.issuer === undefined) {
    app.get('/login', isPublic, (_request, reply) => reply.redirect('/login/password'))
    return
  }
  const { addProviderLogin } = await import('./provider-login.ts')
  addProviderLogin(app, { context, isSecure })
}
