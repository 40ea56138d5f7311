import type { GatewayService } from './gateway-service.ts'
import type { GrpcGateway, GrpcOptions } from './grpc/grpc-gateway.ts'

/**
 * Opens a port where a started gateway answers over gRPC as well. The library is loaded here: most
 * gateways have no such port.
 * @throws GATEWAY_ADDRESS_TAKEN
 */
export async function openGrpcGateway(
  { endpoints, counter, release }: GatewayService,
  options: GrpcOptions,
): Promise<GrpcGateway> {
  const { startGrpcGateway } = await import('./grpc/grpc-gateway.ts')
  return startGrpcGateway({ endpoints, counter, release }, options)
}
