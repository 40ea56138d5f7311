import type { EndpointOptions } from './gateway-options.ts'
import type { ServedEndpoint } from './served-endpoint.ts'

/** What a rollout of one endpoint is told of and changed with. */
export type RolloutParts = Pick<EndpointOptions, 'project' | 'store' | 'log' | 'clock'> & {
  readonly endpoint: ServedEndpoint
}
