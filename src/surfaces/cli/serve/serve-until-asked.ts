import type { Platform } from '../../../flows/index.ts'
import type { Database } from '../../../platform/database/index.ts'
import type { GrpcGateway } from '../../gateway/index.ts'
import type { ServerConfig } from '../../server/index.ts'
import type { CommandCall, CommandOutcome } from '../command-session.ts'
import { openProcessTelemetry } from '../open-process-telemetry.ts'
import { lookAfterEndpoint } from './look-after-endpoint.ts'
import { openGrpc } from './open-grpc.ts'
import { apiPlugins, endpointOf } from './server-plugins.ts'
import { type StorePlaces, storePlaces } from './watch-order.ts'

export interface ServeOptions {
  readonly config: ServerConfig
  readonly database: Database
  /** The project whose endpoint answers too; without one the server has no gateway. */
  readonly platform?: Platform
  /** How the platform was opened. @default as the settings say */
  readonly places?: StorePlaces
  /** @default false */
  readonly acceptRequestTime?: boolean
  /** Also ends when this is settled. */
  readonly until?: Promise<void>
  /** What was done before; shown together with the address. */
  readonly after?: CommandOutcome
}

/** Opens the server, says where, and answers until Ctrl-C; requests under way are finished. */
export async function serveUntilAsked(call: CommandCall, options: ServeOptions): Promise<void> {
  const logger = (message: string, cause: unknown) =>
    call.terminal.printError(`${message}: ${String(cause)}\n`)
  const { platform, places = storePlaces(options.config), acceptRequestTime = false } = options
  const { url, mode } = options.config.payloadLog
  const payloadLog = url === undefined ? undefined : { url, mode }
  const endpoint =
    platform === undefined
      ? undefined
      : await endpointOf(platform, { acceptRequestTime, logger, payloadLog })
  const telemetry = await openProcessTelemetry(call.terminal)
  const { createServer } = await import('../../server/index.ts')
  const server = createServer({
    config: options.config,
    database: options.database,
    plugins: [apiPlugins, ...(endpoint === undefined ? [] : [endpoint.plugin])],
    predictionToken: call.terminal.environment.ESTEIRA_GATEWAY_TOKEN || undefined,
    logger,
    telemetry,
  })
  let grpc: GrpcGateway | undefined
  try {
    await endpoint?.service.start()
    await server.listen()
    grpc = await openGrpc({ server, config: options.config, service: endpoint?.service, logger })
    // A replay brings its own time and judges by it; only a gateway of the present is looked after.
    const isPresent = platform !== undefined && !acceptRequestTime
    const service = endpoint?.service.endpoints.first
    const stop =
      isPresent && service !== undefined
        ? await lookAfterEndpoint(call, { platform, places, service })
        : undefined
    const addresses = {
      http: server.address,
      grpc: grpc?.address,
      endpoint: endpoint?.service.endpoints.first.name,
    }
    announce(call, addresses, options)
    await Promise.race([call.interruption.asked, ...(options.until ? [options.until] : [])])
    await stop?.()
  } finally {
    await Promise.all([server.close(), grpc?.close()])
    await endpoint?.service.close()
    await telemetry?.close()
  }
}

interface Addresses {
  readonly http: string | undefined
  readonly grpc: string | undefined
  /** The endpoint whose predictions the server answers too. */
  readonly endpoint: string | undefined
}

function announce(
  call: CommandCall,
  { http, grpc, endpoint }: Addresses,
  { after }: ServeOptions,
): void {
  const also = grpc === undefined ? '' : `, over gRPC at ${grpc}`
  const predictions =
    endpoint === undefined ? '' : `, predictions of ${endpoint} at /v2/models/${endpoint}/infer`
  const text = `The server answers at ${http}${also}${predictions}; Ctrl-C ends it.`
  call.announce({
    json: {
      ...(after?.json as object | undefined),
      address: http,
      ...(grpc === undefined ? {} : { grpcAddress: grpc }),
    },
    text: after === undefined ? text : `${after.text}\n\n${text}`,
  })
}
