export {
  createGateway,
  type Gateway,
  type GatewayServer,
  type ListenOptions,
} from './create-gateway.ts'
export type { EndpointDirectory } from './endpoint-directory.ts'
export type { EndpointService } from './endpoint-service.ts'
export type { EndpointStatistics, VersionStatistics } from './endpoint-statistics.ts'
export {
  addTallies,
  type EndpointTally,
  statisticsOfTally,
  tallyOfEnded,
} from './endpoint-tally.ts'
export { gatewayErrors } from './errors.ts'
export type { PayloadLogOptions } from './events/payload-log.ts'
export type { GatewayGroup } from './gateway-group.ts'
export type {
  EndpointOptions,
  GatewayOptions,
  GatewayServiceOptions,
  SharedOptions,
} from './gateway-options.ts'
export { gatewayPlugin } from './gateway-plugin.ts'
export { createGatewayService, type GatewayService } from './gateway-service.ts'
export type { EndpointSubject, GrpcGateway, GrpcOptions } from './grpc/grpc-gateway.ts'
export { createLiveSettings, type ProjectReading } from './live-settings.ts'
export { openGrpcGateway } from './open-grpc-gateway.ts'
export type { InferResponse, OutputTensor } from './open-inference.ts'
export type { EndpointReport } from './served-endpoint.ts'
