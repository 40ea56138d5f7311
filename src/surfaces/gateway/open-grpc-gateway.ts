import type { EndpointService } from './endpoint-service.ts'
import type { GrpcGateway, GrpcOptions } from './grpc/grpc-gateway.ts'

/**
 * Opens a port where a started endpoint answers over gRPC as well. The library is loaded here: most
 * gateways have no such port.
 * @throws GATEWAY_ADDRESS_TAKEN
 */
export async function openGrpcGateway(
  { inference, release }: EndpointService,
  options: GrpcOptions,
): Promise<GrpcGateway> {
  const { startGrpcGateway } = await import('./grpc/grpc-gateway.ts')
  return startGrpcGateway({ ...inference, release }, options)
}
