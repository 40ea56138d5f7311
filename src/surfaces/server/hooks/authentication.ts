import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  type Access,
  localPrincipal,
  type Permission,
  type Principal,
} from '../../../assurance/security/index.ts'
import { isPlatformError } from '../../../core/errors/index.ts'
import { SESSION_COOKIE } from '../cookies.ts'
import { serverErrors } from '../errors.ts'
import { parseAuthorization } from './authorization-header.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a login: health, the login itself. @default false */
    readonly isPublic?: boolean
  }
  interface FastifyRequest {
    /** Present when the request came with a session cookie: what its unsafe requests must carry. */
    csrfToken: string | undefined
  }
}

export interface AuthenticationRules {
  readonly access: Access
  /** False on this machine alone: whoever brings no credentials is `local`. */
  readonly needsLogin: boolean
  /** A token that may use every endpoint, and nothing else. */
  readonly predictionToken: string | undefined
}

/** Sets `request.principal` from the Authorization header or the session cookie. */
export function addAuthentication(app: FastifyInstance, rules: AuthenticationRules): void {
  app.decorateRequest('principal')
  app.decorateRequest('csrfToken', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    request.csrfToken = undefined
    const refuse = (error: unknown) => {
      sayHowToRetry(reply, error)
      done(error as Error)
    }
    const take = (found: Principal | undefined) => {
      try {
        request.principal = found ?? withoutCredentials(request, rules)
      } catch (error) {
        refuse(error)
        return
      }
      done()
    }
    // Who brings nothing is not waited for: on a laptop and behind a proxy that is everybody.
    if (hasCredentials(request)) credentialsOf(request, rules).then(take, refuse)
    else take(undefined)
  })
}

function hasCredentials({ headers, cookies }: FastifyRequest): boolean {
  return headers.authorization !== undefined || cookies[SESSION_COOKIE] !== undefined
}

/** @throws LOGIN_NEEDED */
function withoutCredentials(request: FastifyRequest, rules: AuthenticationRules): Principal {
  if (!rules.needsLogin) return localPrincipal(request.ip)
  if (request.routeOptions.config.isPublic === true) return anonymous(request.ip)
  throw serverErrors.LOGIN_NEEDED({})
}

/**
 * Who calls over another door than HTTP, from the call's authorization values.
 * @param from the caller's address
 * @throws LOGIN_NEEDED, AUTHORIZATION_INVALID, and what the credentials are refused with
 */
export async function callPrincipal(
  authorization: readonly string[],
  from: string,
  rules: AuthenticationRules,
): Promise<Principal> {
  const headers = authorization.flatMap((value) => ['authorization', value])
  const found = await authorizedPrincipal(headers, from, rules)
  if (found !== undefined) return found
  if (!rules.needsLogin) return localPrincipal(from)
  throw serverErrors.LOGIN_NEEDED({})
}

async function authorizedPrincipal(
  rawHeaders: readonly string[],
  from: string,
  { access, predictionToken }: AuthenticationRules,
): Promise<Principal | undefined> {
  const given = parseAuthorization(rawHeaders)
  if (given === undefined) return undefined
  if (given.scheme === 'basic') return access.authenticateBasic({ ...given, from })
  if (predictionToken !== undefined && sameText(given.token, predictionToken)) {
    return predictor(from)
  }
  return access.authenticateToken(given.token, from)
}

/** Credentials that are given are checked, also where none are needed. */
async function credentialsOf(
  request: FastifyRequest,
  rules: AuthenticationRules,
): Promise<Principal | undefined> {
  const { access } = rules
  const authorized =
    request.headers.authorization === undefined
      ? undefined
      : await authorizedPrincipal(request.raw.rawHeaders, request.ip, rules)
  if (authorized !== undefined) return authorized
  const cookie = request.cookies[SESSION_COOKIE]
  if (cookie === undefined) return undefined
  const session = await access.authenticateSession(cookie, request.ip)
  request.csrfToken = session?.csrfToken
  return session?.principal
}

/** Compares in a time that tells nothing about where the texts part. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function anonymous(from: string): Principal {
  return {
    ...localPrincipal(from, 'anonymous'),
    kind: 'user',
    may: () => false,
    readableProjects: () => [],
  }
}

function predictor(from: string): Principal {
  return {
    ...anonymous(from),
    kind: 'service-account',
    name: 'gateway-token',
    may: (permission: Permission) => permission.startsWith('endpoints:'),
  }
}

function sayHowToRetry(reply: FastifyReply, error: unknown): void {
  if (!isPlatformError(error)) return
  if (error.status === 401) reply.header('www-authenticate', 'Basic realm="esteira", Bearer')
  const { retryAfterSeconds } = error.details
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', retryAfterSeconds)
}
