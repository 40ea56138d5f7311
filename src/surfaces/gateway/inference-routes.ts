import type { FastifyInstance } from 'fastify'
import type { PredictionLog } from '../../platform/storage/index.ts'
import { answerRequest, type Door } from './answer-request.ts'
import { requireModel } from './health-routes.ts'
import { inferResponse } from './infer.ts'
import { addKserveRoutes } from './kserve/kserve-routes.ts'
import { addInvocationRoutes, type InvocationParts } from './mlflow/invocation-routes.ts'
import type { InferResponse } from './open-inference.ts'
import { parseRequest } from './parse-request.ts'
import { addCompressedBodies } from './rest/compressed-body.ts'
import { addInferenceBodies } from './rest/http-body.ts'
import { writeResponse } from './rest/write-response.ts'
import { takeLabels } from './take-labels.ts'

interface InferAddress {
  readonly name: string
  readonly version?: string
}

export interface InferenceRouteParts extends InvocationParts {
  readonly log: PredictionLog
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
export function addInferenceRoutes(server: FastifyInstance, parts: InferenceRouteParts): void {
  const { counter } = parts
  server.register(async (scope) => {
    addInferenceBodies(scope)
    addCompressedBodies(scope)
    for (const suffix of ['', '/versions/:version']) {
      scope.post<{ Params: InferAddress }>(
        `/v2/models/:name${suffix}/infer`,
        { onResponse: counter.onResponse },
        (request, reply) => {
          requireModel(parts.endpoint, request.params.name)
          const { version } = request.params
          return answerRequest(parts, { request, reply }, { door: OPEN_INFERENCE, version })
        },
      )
    }
  })
  server.register(async (scope) => addInvocationRoutes(scope, parts))
  server.register(async (scope) => addKserveRoutes(scope, parts))
  server.post('/v1/labels', ({ body }) => ({ accepted: acceptLabels(parts, body) }))
}

function acceptLabels({ endpoint, log, clock }: InferenceRouteParts, body: unknown): number {
  const stable = endpoint.serving?.stable
  const signature = stable === undefined ? undefined : endpoint.pool.get(stable)?.version.signature
  return takeLabels({ body, log, clock, signature })
}
