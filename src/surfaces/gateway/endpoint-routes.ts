import type { FastifyInstance } from 'fastify'
import type { EndpointService, SharedParts } from './endpoint-service.ts'
import { metricsOfEndpoints } from './gateway-group.ts'
import { prometheusText } from './prometheus-text.ts'
import type { RouteParts } from './route-parts.ts'

/** The endpoints' states and figures, for operators, rollouts and Prometheus. */
export function addEndpointRoutes(
  server: FastifyInstance,
  parts: RouteParts,
  shared: SharedParts,
): void {
  const { endpoints, seenBy, group } = parts
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
  server.get<Address>('/v1/endpoints/:name/statistics', async (request) => {
    const service = endpoints.find(request.params.name, () => seenBy(request))
    const ofAll = (await group?.figures())?.statistics[service.name]
    return ofAll ?? service.statistics()
  })
  server.get('/metrics', async (request, reply) => {
    const seen = seenBy(request)
    const ofAll = await group?.figures()
    const text =
      ofAll === undefined
        ? metricsText(seen, shared)
        : metricsOfEndpoints(ofAll.metrics, new Set(seen.map(({ name }) => name)))
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text)
  })
}

/** What this process tells Prometheus of some endpoints. */
export function metricsText(seen: readonly EndpointService[], shared: SharedParts): string {
  const names = new Set(seen.map(({ name }) => name))
  return prometheusText({
    counts: shared.statistics.all().filter(({ model }) => names.has(model)),
    inFlight: shared.counter.inFlight,
    endpoints: seen.map(({ name, figures }) => ({
      name,
      mirrored: figures.mirror.counts,
      features: figures.features.counts,
      payloads: figures.payloads?.counts,
      gate: figures.gate,
      hasValidSettings: figures.settings.isValid,
      loadedRevisions: figures.endpoint.pool.loaded().length,
      revisions: figures.endpoint.pool.report(),
      modelLoads: figures.endpoint.pool.counts,
    })),
    process: shared.processMetrics.text(),
  })
}
