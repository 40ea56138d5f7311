export {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type ListenOptions,
} from './create-gateway.ts'
export type { EndpointStatistics, VersionStatistics } from './endpoint-routes.ts'
export { gatewayErrors } from './errors.ts'
export type { InferResponse, OutputTensor } from './open-inference.ts'
export type { EndpointReport } from './served-endpoint.ts'
