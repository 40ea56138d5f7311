import type { FastifyRequest } from 'fastify'
import type { PlatformError } from '../../core/errors/index.ts'
import type { EndpointDirectory } from './endpoint-directory.ts'
import type { EndpointService } from './endpoint-service.ts'
import type { GatewayGroup } from './gateway-group.ts'

/** What the routes of a gateway answer with. */
export interface RouteParts {
  readonly endpoints: EndpointDirectory
  /** Of this package. */
  readonly release: string
  /** The endpoints that a caller may know of. */
  readonly seenBy: (request: FastifyRequest) => readonly EndpointService[]
  /** Absent when this process answers alone. */
  readonly group: GatewayGroup | undefined
  /** What was thrown as an error of the platform; the gateway's own faults are logged. */
  readonly toFailure: (error: unknown, request: FastifyRequest) => PlatformError
}
