import { readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { endpointName } from '../../stages/deployment/index.ts'
import type { AnswerParts } from './answer-request.ts'
import { createRequestCounter } from './count-requests.ts'
import {
  addEndpointRoutes,
  type EndpointStatistics,
  endpointStatistics,
} from './endpoint-routes.ts'
import { errorBody, platformError } from './error-reply.ts'
import { createPayloadLog } from './events/payload-log.ts'
import type { GatewayOptions } from './gateway-options.ts'
import { gatherInputs } from './gather-inputs.ts'
import { addHealthRoutes } from './health-routes.ts'
import { addInferenceRoutes } from './inference-routes.ts'
import { createLogWriter } from './log-writer.ts'
import { createMirror } from './mirror.ts'
import { addRepositoryRoutes } from './rest/repository-routes.ts'
import {
  createServedEndpoint,
  type EndpointReport,
  type ServedEndpoint,
} from './served-endpoint.ts'
import { createStatistics } from './statistics.ts'

/** One project's endpoint: what answers, apart from the server that it answers on. */
export interface EndpointService {
  /** The endpoint's name. */
  readonly name: string
  readonly endpoint: ServedEndpoint
  readonly project: string
  /** Of this package. */
  readonly release: string
  /** What other doors than HTTP answer with. */
  readonly inference: AnswerParts
  /** Adds the routes and how their errors are answered; once, before the server listens. */
  addRoutes(app: FastifyInstance): void
  /** Warms up what the endpoint's state asks for, then follows that state. */
  start(): Promise<void>
  /** Reads the endpoint's state again; new versions are warm before they answer. */
  reload(): Promise<EndpointReport>
  report(): EndpointReport
  statistics(): EndpointStatistics
  /** Ends following and unloads; after the server has answered what was under way. */
  close(): Promise<void>
}

const MEBIBYTE = 1_048_576

export function createEndpointService(options: GatewayOptions): EndpointService {
  const policy = options.project.deployment
  const endpoint = createServedEndpoint(endpointName(options.project), options)
  const statistics = createStatistics()
  const startedAtMs = Date.now()
  const release = readRelease()
  const counter = createRequestCounter(endpoint.name, statistics)
  const payloads =
    options.payloadLog === undefined
      ? undefined
      : createPayloadLog(options.payloadLog, options.clock)
  const mirror = createMirror({
    endpoint,
    log: options.log,
    gather: async (request, revision, timeMs) => {
      const parts = { online: options.online, policy }
      const { inputs } = await gatherInputs(parts, request, { revision, timeMs })
      return inputs
    },
    onFailure: (error) => options.logger?.('What a shadow showed was not written down.', error),
  })
  const parts = { endpoint, statistics, startedAtMs, counter, payloads, mirror }
  const inference = {
    endpoint,
    counter,
    payloads,
    online: options.online,
    log: options.log,
    writeLog: createLogWriter(options.log),
    clock: options.clock,
    policy,
    mirror,
    acceptRequestTime: options.acceptRequestTime ?? false,
    toFailure: (error: unknown, request: FastifyRequest) => gatewayFailure(error, request, options),
  }
  let polling: NodeJS.Timeout | undefined
  return {
    name: endpoint.name,
    endpoint,
    project: options.project.name,
    release,
    inference,
    addRoutes(app) {
      answerErrors(app, options)
      addHealthRoutes(app, endpoint, release)
      addInferenceRoutes(app, inference)
      addRepositoryRoutes(app, endpoint)
      addEndpointRoutes(app, parts)
    },
    async start() {
      await endpoint.follow()
      polling = setInterval(() => void endpoint.follow(), options.pollEveryMs ?? 1_000)
      polling.unref()
    },
    async reload() {
      await endpoint.follow({ retry: true })
      return endpoint.report()
    },
    report: () => endpoint.report(),
    statistics: () => endpointStatistics(parts),
    async close() {
      clearInterval(polling)
      await mirror.close()
      await endpoint.close()
      await payloads?.close()
    },
  }
}

/** Bytes of a request's body. */
export function bodyLimitOf(options: GatewayOptions): number {
  return options.maxBodyBytes ?? 4 * MEBIBYTE
}

/** What was thrown as an error of the platform; the gateway's own faults are logged. */
export function gatewayFailure(error: unknown, request: FastifyRequest, options: GatewayOptions) {
  const contentType = request.headers['content-type']
  const failure = platformError(error, { contentType, bodyLimit: bodyLimitOf(options) })
  if (failure.status >= 500) options.logger?.(failure.message, error)
  return failure
}

function answerErrors(app: FastifyInstance, options: GatewayOptions): void {
  app.setErrorHandler((error, request, reply) => {
    const failure = gatewayFailure(error, request, options)
    return reply.code(failure.status).send(errorBody(failure))
  })
}

/** The version in the package's own package.json, which stands three folders up in src and dist. */
function readRelease(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  return version
}
