import { readFileSync } from 'node:fs'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Project } from '../../core/records/index.ts'
import type { Clock } from '../../core/time/index.ts'
import type {
  ArtifactStore,
  OnlineStore,
  PredictionLog,
  RecordStore,
} from '../../platform/storage/index.ts'
import { endpointName } from '../../stages/deployment/index.ts'
import { checkAccess, isLoopback } from './access.ts'
import {
  addEndpointRoutes,
  type EndpointStatistics,
  endpointStatistics,
} from './endpoint-routes.ts'
import { errorBody, platformError } from './error-reply.ts'
import { gatewayErrors } from './errors.ts'
import { addHealthRoutes } from './health-routes.ts'
import { addInferenceRoutes } from './inference-routes.ts'
import { createLogWriter } from './log-writer.ts'
import {
  createServedEndpoint,
  type EndpointReport,
  type ServedEndpoint,
} from './served-endpoint.ts'
import { createStatistics } from './statistics.ts'

export interface GatewayOptions {
  readonly store: RecordStore
  readonly artifacts: ArtifactStore
  readonly online: OnlineStore
  readonly log: PredictionLog
  readonly project: Project
  readonly clock: Clock
  /** Told of faults of the gateway itself; callers' mistakes are answered, not logged. */
  readonly logger?: (message: string, cause: unknown) => void
  /**
   * Lets a request say at what time it asks, in `parameters.time`: for replays of history.
   * @default false
   */
  readonly acceptRequestTime?: boolean
  /** Bytes of a request's body. @default 4 MiB */
  readonly maxBodyBytes?: number
  /** Milliseconds between looks at the endpoint's stored state. @default 1,000 */
  readonly pollEveryMs?: number
  /** Demanded of every request when given. @default the variable ESTEIRA_GATEWAY_TOKEN */
  readonly token?: string | undefined
}

export interface ListenOptions {
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 takes any free port. @default 0 */
  readonly port?: number
}

/** A server that answers predictions of one project's endpoint. */
export interface Gateway {
  /**
   * Warms up what the endpoint's state asks for, then listens.
   * @returns the address, such as `http://127.0.0.1:41873`
   * @throws GATEWAY_TOKEN_NEEDED on a host other machines reach, without a token
   * @throws GATEWAY_ADDRESS_TAKEN
   */
  listen(options?: ListenOptions): Promise<string>
  /** Undefined before `listen`. */
  readonly address: string | undefined
  /** Reads the endpoint's state again; new versions are warm before they answer. */
  reload(): Promise<EndpointReport>
  report(): EndpointReport
  statistics(): EndpointStatistics
  /** Answers what is under way, then ends. The stores stay open: they are the caller's. */
  close(): Promise<void>
}

const MEBIBYTE = 1_048_576

export function createGateway(options: GatewayOptions): Gateway {
  const token = options.token ?? process.env.ESTEIRA_GATEWAY_TOKEN
  const endpoint = createServedEndpoint(endpointName(options.project), options)
  const statistics = createStatistics()
  const startedAtMs = Date.now()
  const server = createServer(options, token)
  addHealthRoutes(server, endpoint, readRelease())
  const inFlight = addInferenceRoutes(server, {
    endpoint,
    statistics,
    online: options.online,
    log: options.log,
    writeLog: createLogWriter(options.log),
    clock: options.clock,
    policy: options.project.deployment,
    acceptRequestTime: options.acceptRequestTime ?? false,
  })
  const parts = { endpoint, statistics, startedAtMs, inFlight }
  addEndpointRoutes(server, parts)
  let address: string | undefined
  let polling: NodeJS.Timeout | undefined
  return {
    async listen({ host = '127.0.0.1', port = 0 } = {}) {
      if (!isLoopback(host) && token === undefined) {
        throw gatewayErrors.GATEWAY_TOKEN_NEEDED({ host })
      }
      await endpoint.follow()
      address = await listenOn(server, host, port)
      polling = startPolling(endpoint, options.pollEveryMs ?? 1_000)
      return address
    },
    get address() {
      return address
    },
    async reload() {
      await endpoint.follow({ retry: true })
      return endpoint.report()
    },
    report: () => endpoint.report(),
    statistics: () => endpointStatistics(parts),
    async close() {
      clearInterval(polling)
      await server.close()
      await endpoint.close()
    },
  }
}

function createServer(options: GatewayOptions, token: string | undefined): FastifyInstance {
  const bodyLimit = options.maxBodyBytes ?? 4 * MEBIBYTE
  const report = options.logger ?? (() => {})
  const asPlatformError = (error: unknown, request: FastifyRequest) => {
    const contentType = request.headers['content-type']
    const failure = platformError(error, { contentType, bodyLimit })
    if (failure.status >= 500) report(failure.message, error)
    return failure
  }
  const server = fastify({
    bodyLimit,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => {
      const failure = asPlatformError(error, request)
      // The framework types this reply by a route that does not exist.
      void (reply as FastifyReply).code(failure.status).send(errorBody(failure))
    },
  })
  server.removeContentTypeParser('text/plain')
  server.addHook('onRequest', async (request) => checkAccess(request, token))
  server.setErrorHandler((error, request, reply) => {
    const failure = asPlatformError(error, request)
    return reply.code(failure.status).send(errorBody(failure))
  })
  server.setNotFoundHandler((request, reply) => {
    const { method, url } = request
    const [path = ''] = url.split('?')
    const failure = gatewayErrors.ROUTE_UNKNOWN({ method, path: path.slice(0, 200) })
    return reply.code(failure.status).send(errorBody(failure))
  })
  return server
}

async function listenOn(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw gatewayErrors.GATEWAY_ADDRESS_TAKEN({ host, port, reason }, cause)
  }
}

function startPolling(endpoint: ServedEndpoint, everyMs: number): NodeJS.Timeout {
  const timer = setInterval(() => void endpoint.follow(), everyMs)
  timer.unref()
  return timer
}

/** The version in the package's own package.json, which stands three folders up in src and dist. */
function readRelease(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  return version
}
