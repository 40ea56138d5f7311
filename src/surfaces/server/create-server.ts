import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import cookie from '@fastify/cookie'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { type AuditTrail, createAuditTrail } from '../../assurance/audit/index.ts'
import {
  type Access,
  ALL_PROJECTS,
  createAccess,
  type Permission,
} from '../../assurance/security/index.ts'
import { type Clock, systemClock } from '../../core/time/index.ts'
import type { Database } from '../../platform/database/index.ts'
import type { Telemetry } from '../../platform/telemetry/index.ts'
import type { ServerConfig } from './config/server-config.ts'
import { serverErrors } from './errors.ts'
import { addHealthRoutes } from './health-routes.ts'
import { addAuthentication, callPrincipal } from './hooks/authentication.ts'
import { addCrossSiteProtection } from './hooks/cross-site.ts'
import { addErrorReplies, type FaultLogger, replyToFrameworkError } from './hooks/error-reply.ts'
import { addJsonParser } from './hooks/json-parser.ts'
import { answerMalformedRequest } from './hooks/malformed-request.ts'
import { addRateLimit } from './hooks/rate-limit.ts'
import { addSecurityHeaders } from './hooks/security-headers.ts'
import { addTracing } from './hooks/tracing.ts'
import { HTTP_LIMITS, httpOptions } from './http-limits.ts'
import { loginPlugin } from './login/login-plugin.ts'
import { isLoopbackName } from './loopback.ts'
import { type PermissionSubject, requireFor } from './require-permission.ts'
import type { ServerContext, ServerPlugin } from './server-context.ts'

export interface ServerOptions {
  readonly config: ServerConfig
  /** Stays open when the server closes: it is the caller's. */
  readonly database: Database
  /** @default config.dataDir */
  readonly dataFolder?: string
  readonly clock?: Clock
  /** Each gets routes of its own, in its own encapsulation. */
  readonly plugins?: readonly ServerPlugin[]
  /** Told of faults of the server itself. @default nobody is told */
  readonly logger?: FaultLogger
  /** A Bearer token that may use every endpoint and nothing else. */
  readonly predictionToken?: string | undefined
  /** Where requests are traced to. @default nowhere */
  readonly telemetry?: Telemetry | undefined
}

/** The platform's server: one port for the API of MLflow, the own API, the gateway. */
export interface Server {
  /**
   * @returns the address, such as `http://127.0.0.1:8080`
   * @throws LOGIN_NOT_SET_UP on an address other machines reach, when nobody could log in
   * @throws SERVER_ADDRESS_TAKEN
   */
  listen(): Promise<string>
  /** Undefined before `listen`. */
  readonly address: string | undefined
  readonly context: ServerContext
  /**
   * What of `about` a caller of another door than HTTP may.
   * @throws LOGIN_NEEDED, PERMISSION_DENIED, and what wrong credentials are refused with
   */
  authorize<T extends CallSubject>(call: ForeignCall<T>): Promise<AllowedCall<T>>
  /** Answers what is under way, for at most ten seconds, then ends. */
  close(): Promise<void>
}

/** A call that came over another door, such as gRPC. */
export interface ForeignCall<T extends CallSubject = CallSubject> {
  /** The values of the call's authorization metadata. */
  readonly authorization: readonly string[]
  /** The caller's address. */
  readonly from: string
  readonly permission: Permission
  /** At least one; refused is who may none of them. */
  readonly about: readonly T[]
}

/** Who called, and what of it the caller may. */
export interface AllowedCall<T extends CallSubject> {
  /** The account's name, or `local`. */
  readonly caller: string
  readonly allowed: readonly T[]
}

export type CallSubject = PermissionSubject & { readonly subject: string }

const MEBIBYTE = 1_048_576
const CLOSE_WITHIN_MS = 10_000

export function createServer(options: ServerOptions): Server {
  const context = contextOf(options)
  const { config } = context
  const app = createApp(context)
  const composed = compose(app, context, options)
  // Whoever listens is told; without this a server that is never listened to would end the process.
  composed.catch(() => {})
  let address: string | undefined
  return {
    context,
    get address() {
      return address
    },
    async listen() {
      await composed
      await refuseOpenDoor(context, options.predictionToken)
      address = await listenOn(app, config)
      return address
    },
    async authorize({ authorization, from, permission, about }) {
      const { predictionToken } = options
      const needsLogin = loginNeeded(config, predictionToken)
      const rules = { access: context.access, needsLogin, predictionToken }
      const principal = await callPrincipal(authorization, from, rules)
      const allowed = about.filter(({ project, endpoint }) =>
        principal.may(permission, project, endpoint),
      )
      const [first] = about
      if (allowed.length === 0 && first !== undefined) {
        await requireFor(principal, permission, { about: first, audit: context.audit })
      }
      return { caller: principal.name, allowed }
    },
    async close() {
      const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_WITHIN_MS)
      await app.close()
      clearTimeout(timer)
    },
  }
}

function contextOf(options: ServerOptions): ServerContext {
  const { config, database, clock = systemClock } = options
  const audit = createAuditTrail(database, { clock })
  return {
    database,
    audit,
    access: accessOf(database, clock, audit),
    clock,
    config,
    listener: audit.listener,
    dataFolder: options.dataFolder ?? config.dataDir,
    logger: options.logger ?? (() => {}),
    telemetry: options.telemetry,
  }
}

/** Access whose changes and refused logins go to the audit trail. */
function accessOf(database: Database, clock: Clock, audit: AuditTrail): Access {
  return createAccess(database, {
    clock,
    listener: audit.listener,
    onRefused: ({ actor, means }) =>
      audit.refuse({
        actor,
        action: 'login',
        subject: means,
        project: ALL_PROJECTS,
        before: null,
        after: null,
        reason: 'not valid',
      }),
  })
}

function createApp({ config }: ServerContext): FastifyInstance {
  const prefix = randomBytes(4).toString('hex')
  let requests = 0
  const app = fastify({
    bodyLimit: config.maxBodyMebibytes * MEBIBYTE,
    trustProxy: config.trustedProxies?.split(',').map((text) => text.trim()) ?? false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 500 },
    ...httpOptions(HTTP_LIMITS),
    genReqId: () => `${prefix}-${(requests++).toString(36)}`,
    clientErrorHandler: answerMalformedRequest,
    // The framework types this reply by a route that does not exist.
    frameworkErrors: (error, request, reply) =>
      replyToFrameworkError(error, request, reply as FastifyReply),
  })
  app.server.maxConnections = HTTP_LIMITS.maxConnections
  return app
}

async function compose(app: FastifyInstance, context: ServerContext, options: ServerOptions) {
  const { config, access, audit, logger, database } = context
  const needsLogin = loginNeeded(config, options.predictionToken)
  const publicOrigin = config.publicUrl === undefined ? undefined : new URL(config.publicUrl).origin
  app.decorate('auditTrail', audit)
  addTracing(app, options.telemetry)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  addErrorReplies(app, logger)
  addJsonParser(app)
  addSecurityHeaders(app, publicOrigin?.startsWith('https:') ?? false)
  await app.register(cookie)
  addAuthentication(app, { access, needsLogin, predictionToken: options.predictionToken })
  addCrossSiteProtection(app, { loopbackOnly: !needsLogin, publicOrigin })
  if (needsLogin) await addRateLimit(app, config.rateLimit.perMinute)
  addHealthRoutes(app, { database, release: readRelease(), logger })
  for (const plugin of [loginPlugin, ...(options.plugins ?? [])]) {
    await app.register(async (scope) => plugin(scope, context))
  }
  await app.ready()
}

function loginNeeded(config: ServerConfig, predictionToken: string | undefined): boolean {
  return config.requireLogin || predictionToken !== undefined || !isLoopbackName(config.host)
}

/** @throws LOGIN_NOT_SET_UP */
async function refuseOpenDoor(
  { config, access }: ServerContext,
  predictionToken: string | undefined,
): Promise<void> {
  if (isLoopbackName(config.host) || config.oidc.issuer !== undefined) return
  if (predictionToken !== undefined || (await access.hasAdministrator())) return
  throw serverErrors.LOGIN_NOT_SET_UP({ host: config.host })
}

async function listenOn(app: FastifyInstance, { host, port }: ServerConfig): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw serverErrors.SERVER_ADDRESS_TAKEN({ host, port, reason }, cause)
  }
}

/** The version in the package's own package.json, which stands three folders up in src and dist. */
function readRelease(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  return version
}
