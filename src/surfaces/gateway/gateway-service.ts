import { readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createComputePlaces } from './compute-places.ts'
import { createRequestCounter, type RequestCounter } from './count-requests.ts'
import {
  createEndpointDirectory,
  type EndpointDirectory,
  type MaySee,
} from './endpoint-directory.ts'
import { addEndpointRoutes, metricsText } from './endpoint-routes.ts'
import { createEndpointService } from './endpoint-service.ts'
import { type EndpointTally, tallyOf } from './endpoint-tally.ts'
import { errorBody, isOwnFault, platformError } from './error-reply.ts'
import type { GatewayServiceOptions, SharedOptions } from './gateway-options.ts'
import { addHealthRoutes, isAnyReady } from './health-routes.ts'
import { addInferenceRoutes } from './inference-routes.ts'
import { createMemoryBudget } from './memory-budget.ts'
import { createProcessMetrics } from './process-metrics.ts'
import { addRepositoryRoutes } from './rest/repository-routes.ts'
import type { RouteParts } from './route-parts.ts'
import { createStatistics } from './statistics.ts'

/** The endpoints of one or several projects: what answers, apart from the server it answers on. */
export interface GatewayService {
  /** Of this package. */
  readonly release: string
  /** By name; in the order they were given. */
  readonly endpoints: EndpointDirectory
  readonly options: GatewayServiceOptions
  /** Counts the requests of every door. */
  readonly counter: RequestCounter
  /** Whether any endpoint answers, or can at its next request. */
  readonly ready: boolean
  /**
   * Adds the routes and how their errors are answered; once, before the server listens.
   * @param maySee which endpoints a caller may know of; @default all
   */
  addRoutes(app: FastifyInstance, maySee?: MaySee): void
  /** Warms up what the endpoints' states ask for, then follows these states. */
  start(): Promise<void>
  /** What this process did, in a form that adds up over processes. */
  figures(): {
    readonly metrics: string
    readonly tallies: Readonly<Record<string, EndpointTally>>
  }
  /** From now on not ready, so that load balancers turn away; what comes is answered as before. */
  leave(): void
  /** Ends following and unloads; after the server has answered what was under way. */
  close(): Promise<void>
}

const MEBIBYTE = 1_048_576

/** @throws ENDPOINT_REPEATED, ENDPOINTS_MISSING */
export function createGatewayService(options: GatewayServiceOptions): GatewayService {
  const statistics = createStatistics()
  const counter = createRequestCounter(statistics)
  const budget = createMemoryBudget(options.memoryBudgetBytes)
  const processMetrics = createProcessMetrics()
  const places = createComputePlaces(options)
  const startedAtMs = Date.now()
  const shared = { statistics, counter, budget, places, startedAtMs, processMetrics }
  const services = options.endpoints.map((endpoint) => createEndpointService(endpoint, shared))
  const endpoints = createEndpointDirectory(services)
  const release = readRelease()
  return {
    release,
    endpoints,
    options,
    counter,
    get ready() {
      return isAnyReady(services)
    },
    addRoutes(app, maySee = () => true) {
      const parts: RouteParts = {
        endpoints,
        release,
        group: options.group,
        seenBy: (request) => services.filter((service) => maySee(request, service)),
        toFailure: (error, request) => gatewayFailure(error, request, options),
      }
      answerErrors(app, options)
      addHealthRoutes(app, parts)
      addInferenceRoutes(app, parts, counter)
      addRepositoryRoutes(app, parts)
      addEndpointRoutes(app, parts, shared)
    },
    async start() {
      // One after the other: two models that are loaded at once peak together.
      for (const service of services) await service.start()
    },
    figures: () => ({
      metrics: metricsText(services, shared),
      tallies: Object.fromEntries(services.map(({ name, figures }) => [name, tallyOf(figures)])),
    }),
    leave() {
      for (const { endpoint } of services) endpoint.leave()
    },
    async close() {
      await Promise.all(services.map((service) => service.close()))
      await places.close()
    },
  }
}

/** Bytes of a request's body. */
export function bodyLimitOf(options: SharedOptions): number {
  return options.maxBodyBytes ?? 4 * MEBIBYTE
}

/** What was thrown as an error of the platform; the gateway's own faults are logged. */
export function gatewayFailure(error: unknown, request: FastifyRequest, options: SharedOptions) {
  const contentType = request.headers['content-type']
  const failure = platformError(error, { contentType, bodyLimit: bodyLimitOf(options) })
  if (isOwnFault(failure)) options.logger?.(failure.message, error)
  return failure
}

function answerErrors(app: FastifyInstance, options: SharedOptions): void {
  app.setErrorHandler((error, request, reply) => {
    const failure = gatewayFailure(error, request, options)
    const { retryAfterSeconds } = failure.details
    if (typeof retryAfterSeconds === 'number') reply.header('retry-after', retryAfterSeconds)
    return reply.code(failure.status).send(errorBody(failure))
  })
}

/** The version in the package's own package.json, which stands three folders up in src and dist. */
function readRelease(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  return version
}
