import type { FastifyInstance } from 'fastify'
import type { SharedParts } from './endpoint-service.ts'
import { processFigures } from './endpoint-statistics.ts'
import type { RouteParts } from './gateway-service.ts'
import { prometheusText } from './prometheus-text.ts'

/** The endpoints' states and figures, for operators, rollouts and Prometheus. */
export function addEndpointRoutes(
  server: FastifyInstance,
  parts: RouteParts,
  shared: SharedParts,
): void {
  const { endpoints, seenBy } = parts
  type Address = { Params: { readonly name: string } }
  server.get('/v1/endpoints', (request) => ({
    endpoints: seenBy(request).map((service) => service.report()),
  }))
  server.get<Address>('/v1/endpoints/:name', (request) =>
    endpoints.find(request.params.name, () => seenBy(request)).report(),
  )
  server.post<Address>('/v1/endpoints/:name/reload', (request) =>
    endpoints.find(request.params.name, () => seenBy(request)).reload(),
  )
  server.get<Address>('/v1/endpoints/:name/statistics', (request) =>
    endpoints.find(request.params.name, () => seenBy(request)).statistics(),
  )
  server.get('/metrics', (request, reply) => {
    const seen = seenBy(request)
    const names = new Set(seen.map(({ name }) => name))
    const { residentMemoryMb, cpuSeconds } = processFigures()
    const text = prometheusText({
      counts: shared.statistics.all().filter(({ model }) => names.has(model)),
      inFlight: shared.counter.inFlight,
      endpoints: seen.map(({ name, figures }) => ({
        name,
        mirrored: figures.mirror.counts,
        payloads: figures.payloads?.counts,
        loadedRevisions: figures.endpoint.pool.loaded().length,
      })),
      residentMemoryBytes: residentMemoryMb * 1_048_576,
      cpuSeconds,
      startedAtMs: shared.startedAtMs,
    })
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text)
  })
}
