import type { FastifyInstance } from 'fastify'
import { inferenceHooks } from './admission/admit-request.ts'
import { answerRequest, type Door } from './answer-request.ts'
import type { RequestCounter } from './count-requests.ts'
import { askedEndpoint } from './endpoint-directory.ts'
import type { EndpointInference } from './endpoint-service.ts'
import { inferResponse } from './infer.ts'
import { addKserveRoutes } from './kserve/kserve-routes.ts'
import { addInvocationRoutes } from './mlflow/invocation-routes.ts'
import type { InferResponse } from './open-inference.ts'
import { parseRequest } from './parse-request.ts'
import { addCompressedBodies } from './rest/compressed-body.ts'
import { addInferenceBodies } from './rest/http-body.ts'
import { writeResponse } from './rest/write-response.ts'
import type { RouteParts } from './route-parts.ts'
import { takeLabels } from './take-labels.ts'

interface InferAddress {
  readonly name: string
  readonly version?: string
}

const OPEN_INFERENCE: Door<InferResponse> = {
  read: ({ json, binary }, { acceptRequestTime }) =>
    parseRequest(
      json,
      binary === undefined ? { acceptRequestTime } : { acceptRequestTime, binary },
    ),
  write: inferResponse,
  send: (reply, response, { binaryOutputs }) => writeResponse(reply, response, binaryOutputs),
}

/** The routes that predict, by protocol, and the one that takes labels. */
export function addInferenceRoutes(
  server: FastifyInstance,
  parts: RouteParts,
  counter: RequestCounter,
): void {
  const { endpoints, seenBy } = parts
  server.register(async (scope) => {
    const hooks = inferenceHooks(counter, ({ params }) => {
      return endpoints.get((params as InferAddress).name)?.inference
    })
    addInferenceBodies(scope)
    addCompressedBodies(scope)
    for (const suffix of ['', '/versions/:version']) {
      scope.post<{ Params: InferAddress }>(
        `/v2/models/:name${suffix}/infer`,
        hooks,
        (request, reply) => {
          const { name, version } = request.params
          const { inference } = endpoints.find(name, () => seenBy(request))
          return answerRequest(inference, { request, reply }, { door: OPEN_INFERENCE, version })
        },
      )
    }
  })
  server.register(async (scope) => addInvocationRoutes(scope, parts, counter))
  server.register(async (scope) => addKserveRoutes(scope, parts, counter))
  server.post('/v1/labels', async (request) => {
    const { inference } = endpoints.named(askedEndpoint(request), () => seenBy(request))
    return { accepted: await acceptLabels(inference, request.body) }
  })
}

function acceptLabels(
  { endpoint, log, clock, policy }: EndpointInference,
  body: unknown,
): Promise<number> {
  const stable = endpoint.serving?.stable
  const signature = stable === undefined ? undefined : endpoint.pool.get(stable)?.version.signature
  return takeLabels({ body, log, clock, policy: policy.predictionLog, signature })
}
