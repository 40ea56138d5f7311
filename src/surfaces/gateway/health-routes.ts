import type { FastifyInstance } from 'fastify'
import { describeOutputs } from './encode-response.ts'
import { gatewayErrors } from './errors.ts'
import type { LoadedRevision } from './load-revision.ts'
import type { ServedEndpoint } from './served-endpoint.ts'

export interface ModelAddress {
  readonly name: string
  readonly version?: string
}

/** @throws MODEL_UNKNOWN */
export function requireModel(endpoint: ServedEndpoint, name: string): void {
  if (name !== endpoint.name) {
    throw gatewayErrors.MODEL_UNKNOWN({ model: name, known: [endpoint.name] })
  }
}

/** What the server is and can do beyond the protocol's core. */
export function serverMetadata(release: string) {
  return {
    name: 'esteira',
    version: release,
    extensions: ['binary_tensor_data', 'model_repository'],
  }
}

/** Health and metadata as the Open Inference Protocol has them. */
export function addHealthRoutes(
  server: FastifyInstance,
  endpoint: ServedEndpoint,
  release: string,
): void {
  server.get('/v2', () => serverMetadata(release))
  server.get('/v2/health/live', () => ({ live: true }))
  server.get('/v2/health/ready', (_request, reply) => {
    const { ready } = endpoint
    return reply.code(ready ? 200 : 503).send({ ready })
  })

  for (const suffix of ['', '/versions/:version']) {
    server.get<{ Params: ModelAddress }>(`/v2/models/:name${suffix}`, ({ params }) => {
      requireModel(endpoint, params.name)
      return describeModel(endpoint, revisionOf(endpoint, params))
    })
    server.get<{ Params: ModelAddress }>(`/v2/models/:name${suffix}/ready`, ({ params }, reply) => {
      requireModel(endpoint, params.name)
      const ready =
        params.version === undefined ? endpoint.ready : revisionOf(endpoint, params) !== undefined
      return reply.code(ready ? 200 : 503).send({ name: params.name, ready })
    })
  }
}

/** The asked version, or the stable one. @throws ENDPOINT_NOT_READY, MODEL_VERSION_UNKNOWN */
export function revisionOf(endpoint: ServedEndpoint, { version }: ModelAddress): LoadedRevision {
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
    versions: endpoint.pool.loaded().map(String),
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
