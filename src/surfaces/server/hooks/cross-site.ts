import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { serverErrors } from '../errors.ts'
import { isLoopbackName } from '../loopback.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** The page itself, or a person who typed the address. */
const OWN_SITES = new Set(['same-origin', 'none'])

export interface CrossSiteRules {
  /** Refuses every Host that is not a name of this machine. */
  readonly loopbackOnly: boolean
  /** The origin browsers see, when a proxy stands before the server. */
  readonly publicOrigin: string | undefined
}

/**
 * Refuses what a page of another site makes a browser send: to a server without logins under a name
 * of the page's own, and unsafe requests that a browser signs with a cookie or with nothing.
 */
export function addCrossSiteProtection(app: FastifyInstance, rules: CrossSiteRules): void {
  app.addHook('onRequest', (request, _reply, done) => {
    try {
      checkRequest(request, rules)
    } catch (error) {
      done(error as Error)
      return
    }
    done()
  })
}

/** @throws REQUEST_INVALID, HOST_NAME_REFUSED, CSRF_REFUSED */
function checkRequest(request: FastifyRequest, rules: CrossSiteRules): void {
  const { headers, method, raw, csrfToken } = request
  // Of two, whoever stands before the server may believe the other one.
  if (countHosts(raw.rawHeaders) > 1)
    throw serverErrors.REQUEST_INVALID({ reason: 'it names two hosts' })
  // The header itself, not what a forwarded one says: any page can send that along.
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (rules.loopbackOnly && !isLoopbackName(host)) {
    throw serverErrors.HOST_NAME_REFUSED({ host: host.slice(0, 200) })
  }
  // A browser never adds an Authorization header of ours by itself.
  if (SAFE_METHODS.has(method) || headers.authorization !== undefined) return
  checkSite(request, rules.publicOrigin)
  if (csrfToken === undefined) return
  // A login needs no token of the session that it replaces.
  if (request.routeOptions.config.isPublic !== true) checkToken(request, csrfToken)
}

/** @param rawHeaders names and values in turns */
function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts
}

/** @throws CSRF_REFUSED */
function checkSite(request: FastifyRequest, publicOrigin: string | undefined): void {
  const site = request.headers['sec-fetch-site']
  if (typeof site === 'string' && !OWN_SITES.has(site)) {
    throw serverErrors.CSRF_REFUSED({ reason: 'the browser says that another site sends it' })
  }
  const { origin, host } = request.headers
  if (origin === undefined) return
  const own = [publicOrigin, `http://${host}`, `https://${host}`]
  if (!own.includes(origin)) {
    throw serverErrors.CSRF_REFUSED({ reason: 'its Origin is another site' })
  }
}

/** @throws CSRF_REFUSED */
function checkToken(request: FastifyRequest, expected: string): void {
  const given = Buffer.from(String(request.headers['x-csrf-token'] ?? ''))
  const wanted = Buffer.from(expected)
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw serverErrors.CSRF_REFUSED({
      reason: 'the header X-CSRF-Token is not that of the session',
    })
  }
}
