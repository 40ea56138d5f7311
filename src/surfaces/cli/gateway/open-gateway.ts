import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GatewayGroup, GatewayService, GrpcGateway } from '../../gateway/index.ts'
import type { Addresses, RunningGateway } from '../../gateway-processes/index.ts'
import type { Server, ServerPlugin } from '../../server/index.ts'
import { openProcessTelemetry } from '../open-process-telemetry.ts'
import { openGrpc } from '../serve/open-grpc.ts'
import type { Terminal } from '../terminal.ts'
import { type GatewayNews, type GatewayOrder, processCount } from './gateway-order.ts'
import type { Platforms } from './open-platforms.ts'

const MEBIBYTE = 1_048_576
/** How long load balancers and clients that keep connections are given to turn elsewhere. */
const NOTICE_MS = 1_000
/** What server and gRPC port give to requests under way. */
const DRAIN_MS = 10_000

export interface OpenGatewayOptions {
  readonly order: GatewayOrder
  readonly platforms: Platforms
  readonly terminal: Terminal
  /** Asked for metrics and statistics. */
  readonly group: GatewayGroup
}

/** A gateway that answers in this process. */
export interface OpenGateway extends RunningGateway<GatewayNews> {
  readonly service: GatewayService
}

/**
 * A server that answers predictions and nothing else, with the accounts and settings of
 * `esteira serve`. It listens once every endpoint's models are warm.
 * @throws what a server or an endpoint cannot be started with
 */
export async function openGateway(options: OpenGatewayOptions): Promise<OpenGateway> {
  const { order, platforms, terminal } = options
  const logger = (message: string, cause: unknown) =>
    terminal.printError(`${message}: ${String(cause)}\n`)
  const service = await createService(options, logger)
  const telemetry = await openProcessTelemetry(terminal)
  const { createServer } = await import('../../server/index.ts')
  let isLeaving = false
  const server = createServer({
    config: order.config,
    database: platforms[0].database,
    plugins: [await predictions(service, () => isLeaving)],
    predictionToken: terminal.environment.ESTEIRA_GATEWAY_TOKEN || undefined,
    logger,
    telemetry,
  })
  let grpc: GrpcGateway | undefined
  const end = async () => {
    await Promise.all([server.close(), grpc?.close()])
    await service.close()
    await telemetry?.close()
  }
  try {
    for (const { project, reading } of order.readings) take(service, project, reading)
    await service.start()
    await server.listen()
    grpc = await openGrpc({ server, config: order.config, service, logger })
  } catch (error) {
    await end()
    throw error
  }
  return {
    service,
    addresses: addressesOf(server, grpc),
    figures: service.figures,
    hear(news) {
      if (news.kind === 'reading') take(service, news.project, news.reading)
      else void endpointOf(service, news.project)?.reload()
    },
    async close() {
      service.leave()
      isLeaving = true
      await sleep(NOTICE_MS)
      const late = setTimeout(() => {
        const left = service.counter.inFlight
        const connections = `${left} requests had not ended after ${DRAIN_MS / 1_000} s`
        if (left > 0) terminal.printError(`${connections}: their connections are closed\n`)
      }, DRAIN_MS - 100)
      await end()
      clearTimeout(late)
    },
  }
}

async function createService(
  { order, platforms, group }: OpenGatewayOptions,
  logger: (message: string, cause: unknown) => void,
): Promise<GatewayService> {
  const { createGatewayService } = await import('../../gateway/index.ts')
  const { url, mode } = order.config.payloadLog
  const { memoryBudget } = order.config
  return createGatewayService({
    logger,
    group,
    hasSpareCore: availableParallelism() > processCount(order.config),
    memoryBudgetBytes: memoryBudget === undefined ? undefined : memoryBudget * MEBIBYTE,
    endpoints: platforms.map(({ store, artifacts, online, log, project, clock }) => ({
      ...{ store, artifacts, online, log, project, clock, logger },
      payloadLog: url === undefined ? undefined : { url, mode },
    })),
  })
}

/** The gateway's routes; when it leaves, each answer says that its connection ends with it. */
async function predictions(
  service: GatewayService,
  isLeaving: () => boolean,
): Promise<ServerPlugin> {
  const { gatewayPlugin } = await import('../../gateway/index.ts')
  const plugin = gatewayPlugin(service)
  return async (app, context) => {
    app.addHook('onRequest', (_request, reply, done) => {
      if (isLeaving()) reply.header('connection', 'close')
      done()
    })
    await plugin(app, context)
  }
}

function addressesOf(server: Server, grpc: GrpcGateway | undefined): Addresses {
  return { http: server.address ?? '', grpc: grpc?.address }
}

function endpointOf({ endpoints }: GatewayService, project: string) {
  return endpoints.all.find((service) => service.project === project)
}

type Reading = Extract<GatewayNews, { kind: 'reading' }>['reading']

/** @returns what is worth telling an operator, a line each */
function take(service: GatewayService, project: string, reading: Reading): readonly string[] {
  return endpointOf(service, project)?.takeSettings(reading) ?? []
}
