import type { GatewayService, GrpcGateway } from '../../gateway/index.ts'
import type { Server, ServerConfig } from '../../server/index.ts'

const MEBIBYTE = 1_048_576

export interface OpenGrpcOptions {
  readonly server: Server
  readonly config: ServerConfig
  /** Undefined on a server without a project: then there is nothing to predict. */
  readonly service: GatewayService | undefined
  readonly logger: (message: string, cause: unknown) => void
}

/** The endpoint's gRPC port, when the settings ask for one; the same accounts and roles hold there. */
export async function openGrpc({
  server,
  config,
  service,
  logger,
}: OpenGrpcOptions): Promise<GrpcGateway | undefined> {
  const { host, grpcPort: port, maxBodyMebibytes } = config
  if (port === undefined || service === undefined) return undefined
  const { openGrpcGateway } = await import('../../gateway/index.ts')
  return openGrpcGateway(service, {
    host,
    port,
    maxMessageBytes: maxBodyMebibytes * MEBIBYTE,
    authorize: (call) => server.authorize(call),
    logger,
    telemetry: server.context.telemetry,
  })
}
