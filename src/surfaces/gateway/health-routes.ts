import type { FastifyInstance, FastifyRequest } from 'fastify'
import { describeOutputs } from './encode-response.ts'
import type { LoadedRevision } from './load-revision.ts'
import type { RouteParts } from './route-parts.ts'
import type { ServedEndpoint } from './served-endpoint.ts'

export interface ModelAddress {
  readonly name: string
  readonly version?: string
}

/** What the server is and can do beyond the protocol's core. */
export function serverMetadata(release: string) {
  return {
    name: 'esteira',
    version: release,
    extensions: ['binary_tensor_data', 'model_repository'],
  }
}

/**
 * Whether a gateway is worth sending requests to: when any endpoint answers. One that cannot must not
 * take the others out of a load balancer; `/v2/models/{name}/ready` tells of each.
 */
export function isAnyReady(services: readonly { readonly endpoint: ServedEndpoint }[]): boolean {
  return services.some(({ endpoint }) => endpoint.ready)
}

/** Health and metadata as the Open Inference Protocol has them. */
export function addHealthRoutes(
  server: FastifyInstance,
  { endpoints, release, seenBy }: RouteParts,
): void {
  server.get('/v2', () => serverMetadata(release))
  server.get('/v2/health/live', () => ({ live: true }))
  server.get('/v2/health/ready', (_request, reply) => {
    const ready = isAnyReady(endpoints.all)
    return reply.code(ready ? 200 : 503).send({ ready })
  })

  type Asked = FastifyRequest<{ Params: ModelAddress }>
  const find = (request: Asked) =>
    endpoints.find(request.params.name, () => seenBy(request)).endpoint

  for (const suffix of ['', '/versions/:version']) {
    server.get(`/v2/models/:name${suffix}`, (request: Asked) => {
      const endpoint = find(request)
      return describeModel(endpoint, revisionOf(endpoint, request.params))
    })
    server.get(`/v2/models/:name${suffix}/ready`, (request: Asked, reply) => {
      const endpoint = find(request)
      const { name, version } = request.params
      const ready = isModelReady(endpoint, version)
      return reply.code(ready ? 200 : 503).send({ name, ready })
    })
  }
}

/** @throws MODEL_VERSION_UNKNOWN */
export function isModelReady(endpoint: ServedEndpoint, version: string | undefined): boolean {
  if (version === undefined) return endpoint.ready
  const { revision } = endpoint.routeTo(version)
  return endpoint.pool.isServable(revision.version.version)
}

/** The asked version, or the stable one. @throws ENDPOINT_NOT_READY, MODEL_VERSION_UNKNOWN */
export function revisionOf(
  endpoint: ServedEndpoint,
  { version }: { readonly version?: string },
): LoadedRevision {
  if (version !== undefined) return endpoint.routeTo(version).revision
  const stable = endpoint.serving?.stable
  return stable === undefined
    ? endpoint.route('').revision
    : endpoint.routeTo(String(stable)).revision
}

export function describeModel(endpoint: ServedEndpoint, { version, plan }: LoadedRevision) {
  const inputs = plan.columns.map(({ name, datatype, isInput, isKey }) => ({
    name,
    datatype,
    shape: [-1],
    parameters: { nullable: true, model_input: isInput, entity_key: isKey },
  }))
  return {
    name: endpoint.name,
    versions: endpoint.pool.versions().map(String),
    platform: 'onnx_onnxv1',
    inputs,
    outputs: describeOutputs(version),
    parameters: {
      version: String(version.version),
      classes: version.signature.classes,
      positive_class: version.signature.positiveClass,
      threshold: version.threshold,
      feature_views: plan.views.map(({ view }) => view),
    },
  }
}
