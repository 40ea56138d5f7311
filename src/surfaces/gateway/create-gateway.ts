import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { addTracing, HTTP_LIMITS, httpOptions } from '../server/index.ts'
import { checkAccess, isLoopback } from './access.ts'
import type { EndpointService } from './endpoint-service.ts'
import type { EndpointStatistics } from './endpoint-statistics.ts'
import { errorBody } from './error-reply.ts'
import { gatewayErrors } from './errors.ts'
import type { GatewayOptions, GatewayServiceOptions, SharedOptions } from './gateway-options.ts'
import {
  bodyLimitOf,
  createGatewayService,
  type GatewayService,
  gatewayFailure,
} from './gateway-service.ts'
import type { EndpointReport } from './served-endpoint.ts'

export interface ListenOptions {
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 takes any free port. @default 0 */
  readonly port?: number
}

/** A server that answers predictions of several projects' endpoints, and nothing else. */
export interface GatewayServer {
  readonly service: GatewayService
  /**
   * Warms up what the endpoints' states ask for, then listens.
   * @returns the address, such as `http://127.0.0.1:41873`
   * @throws GATEWAY_TOKEN_NEEDED on a host other machines reach, without a token
   * @throws GATEWAY_ADDRESS_TAKEN
   */
  listen(options?: ListenOptions): Promise<string>
  /** Undefined before `listen`. */
  readonly address: string | undefined
  /** Answers what is under way, then ends. The stores stay open: they are the caller's. */
  close(): Promise<void>
}

/** A server that answers predictions of one project's endpoint. */
export interface Gateway extends GatewayServer {
  /** Reads the endpoint's state again; new versions are warm before they answer. */
  reload(): Promise<EndpointReport>
  report(): EndpointReport
  statistics(): EndpointStatistics
}

/** A gateway of one endpoint with a server of its own. */
export function createGateway(options: GatewayOptions): Gateway {
  const server = createGatewayServer({ ...options, endpoints: [options] })
  const endpoint: EndpointService = server.service.endpoints.named(undefined)
  return {
    service: server.service,
    listen: server.listen,
    get address() {
      return server.address
    },
    close: server.close,
    reload: endpoint.reload,
    report: endpoint.report,
    statistics: endpoint.statistics,
  }
}

/**
 * A gateway with a server of its own: nothing but predictions answers there.
 * @throws ENDPOINT_REPEATED, ENDPOINTS_MISSING
 */
export function createGatewayServer(options: GatewayServiceOptions): GatewayServer {
  const token = options.token ?? process.env.ESTEIRA_GATEWAY_TOKEN
  const service = createGatewayService(options)
  const server = createServer(options, token)
  service.addRoutes(server)
  addOwnHealthRoutes(server, service)
  let address: string | undefined
  return {
    service,
    async listen({ host = '127.0.0.1', port = 0 } = {}) {
      if (!isLoopback(host) && token === undefined) {
        throw gatewayErrors.GATEWAY_TOKEN_NEEDED({ host })
      }
      await service.start()
      address = await listenOn(server, host, port)
      return address
    },
    get address() {
      return address
    },
    async close() {
      await server.close()
      await service.close()
    },
  }
}

/** Milliseconds for a request with its body: a prediction's own deadline is shorter in most projects. */
const REQUEST_MS = 60_000

function createServer(options: SharedOptions, token: string | undefined): FastifyInstance {
  const limits = { ...HTTP_LIMITS, requestMs: REQUEST_MS, ...options.httpLimits }
  const server = fastify({
    bodyLimit: bodyLimitOf(options),
    forceCloseConnections: 'idle',
    ...httpOptions(limits),
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => {
      const failure = gatewayFailure(error, request, options)
      // The framework types this reply by a route that does not exist.
      void (reply as FastifyReply).code(failure.status).send(errorBody(failure))
    },
  })
  server.server.maxConnections = limits.maxConnections
  server.removeContentTypeParser('text/plain')
  addTracing(server, options.telemetry)
  server.addHook('onRequest', async (request) => checkAccess(request, token))
  server.setNotFoundHandler((request, reply) => {
    const { method, url } = request
    const [path = ''] = url.split('?')
    const failure = gatewayErrors.ROUTE_UNKNOWN({ method, path: path.slice(0, 200) })
    return reply.code(failure.status).send(errorBody(failure))
  })
  return server
}

/** What MLflow's scoring server has beside its predictions; on the platform's server others answer. */
function addOwnHealthRoutes(server: FastifyInstance, service: GatewayService): void {
  server.get('/health', (_request, reply) => {
    const isReady = service.ready
    return reply
      .code(isReady ? 200 : 503)
      .type('text/plain')
      .send(isReady ? 'OK' : 'not ready')
  })
  server.get('/version', (_request, reply) => reply.type('text/plain').send(service.release))
}

async function listenOn(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw gatewayErrors.GATEWAY_ADDRESS_TAKEN({ host, port, reason }, cause)
  }
}
