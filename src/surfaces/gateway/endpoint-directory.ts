import type { FastifyRequest } from 'fastify'
import type { EndpointService } from './endpoint-service.ts'
import { gatewayErrors } from './errors.ts'

/** Whether a caller may know of an endpoint. */
export type MaySee = (request: FastifyRequest, service: EndpointService) => boolean

/** The endpoints of a gateway, by name. */
export interface EndpointDirectory {
  readonly all: readonly EndpointService[]
  /** As they were given. */
  readonly first: EndpointService
  get(name: string): EndpointService | undefined
  /**
   * @param seen the endpoints that the caller may know of, for the error
   * @throws MODEL_UNKNOWN
   */
  find(name: string, seen?: () => readonly EndpointService[]): EndpointService
  /**
   * For protocols without names: the endpoint that is asked for in passing, or the only one.
   * @throws MODEL_UNKNOWN, ENDPOINT_NOT_NAMED
   */
  named(name: string | undefined, seen?: () => readonly EndpointService[]): EndpointService
}

/** @throws ENDPOINT_REPEATED, ENDPOINTS_MISSING */
export function createEndpointDirectory(services: readonly EndpointService[]): EndpointDirectory {
  const byName = new Map<string, EndpointService>()
  for (const service of services) {
    const other = byName.get(service.name)
    if (other !== undefined) {
      const projects = [other.project, service.project]
      throw gatewayErrors.ENDPOINT_REPEATED({ endpoint: service.name, projects })
    }
    byName.set(service.name, service)
  }
  const [first] = services
  if (first === undefined) throw gatewayErrors.ENDPOINTS_MISSING({})
  const all = () => services

  function find(name: string, seen = all): EndpointService {
    const service = byName.get(name)
    if (service !== undefined) return service
    throw gatewayErrors.MODEL_UNKNOWN({ model: name.slice(0, 200), known: namesOf(seen()) })
  }

  return {
    all: services,
    first,
    get: (name) => byName.get(name),
    find,
    named(name, seen = all) {
      if (name !== undefined) return find(name, seen)
      if (byName.size === 1) return first
      throw gatewayErrors.ENDPOINT_NOT_NAMED({ known: namesOf(seen()) })
    },
  }
}

/** How a request of a protocol without names says which endpoint it means. */
export const ENDPOINT_HEADER = 'x-esteira-endpoint'

/** `?endpoint=…`, or the header beside; undefined when it says nothing. */
export function askedEndpoint({ query, headers }: FastifyRequest): string | undefined {
  const fromQuery = (query as Readonly<Record<string, unknown>> | undefined)?.endpoint
  const given = fromQuery ?? headers[ENDPOINT_HEADER]
  const name = Array.isArray(given) ? given[0] : given
  return typeof name === 'string' && name !== '' ? name : undefined
}

function namesOf(services: readonly EndpointService[]): string[] {
  return services.map(({ name }) => name)
}
