import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { inferenceHooks, runAdmitted } from '../admission/admit-request.ts'
import { type AnswerParts, answerRequest, type Door } from '../answer-request.ts'
import type { RequestCounter } from '../count-requests.ts'
import { gatewayErrors } from '../errors.ts'
import type { InferRequest } from '../open-inference.ts'
import { fieldsOf, invalid, type ParseOptions } from '../parse-request.ts'
import { addEventBodies, httpBody } from '../rest/http-body.ts'
import type { RouteParts } from '../route-parts.ts'
import { addLenientJson } from '../rows/lenient-json.ts'
import { predictionsOf } from '../rows/predictions.ts'
import { tensorsOfColumns, tensorsOfRows } from '../rows/read-rows.ts'
import { rowsRequest } from '../rows/rows-request.ts'
import { explain } from './explain.ts'

const PREDICT: Door<object> = {
  read: ({ json }, options) => parseInstances(json, options),
  write: (answer) => ({ predictions: predictionsOf(answer) }),
}

/** KServe's protocol of version 1: `:predict` and `:explain` behind a model's name. */
export function addKserveRoutes(
  scope: FastifyInstance,
  { endpoints, seenBy }: RouteParts,
  counter: RequestCounter,
): void {
  addLenientJson(scope)
  addEventBodies(scope)
  scope.get('/v1/models', (request) => ({ models: seenBy(request).map(({ name }) => name) }))
  scope.get<{ Params: { readonly target: string } }>('/v1/models/:target', (request, reply) => {
    const service = endpoints.find(request.params.target, () => seenBy(request))
    const { name, ready } = service.endpoint
    return reply.code(ready ? 200 : 503).send({ name, ready })
  })
  const hooks = inferenceHooks(counter, ({ params }) => {
    const { target } = params as { readonly target: string }
    return endpoints.get(splitTarget(target).name)?.inference
  })
  scope.post<{ Params: { readonly target: string } }>(
    '/v1/models/:target',
    hooks,
    (request, reply) => {
      const { name, verb } = splitTarget(request.params.target)
      if (verb !== 'predict' && verb !== 'explain') {
        const path = `/v1/models/${request.params.target}`.slice(0, 200)
        throw gatewayErrors.ROUTE_UNKNOWN({ method: 'POST', path })
      }
      const { inference } = endpoints.find(name, () => seenBy(request))
      if (verb === 'explain') return answerExplanation(inference, request, reply)
      return answerRequest(inference, { request, reply }, { door: PREDICT, version: undefined })
    },
  )
}

/** `name:verb`. */
export function splitTarget(target: string): { readonly name: string; readonly verb: string } {
  const colon = target.lastIndexOf(':')
  return { name: target.slice(0, Math.max(0, colon)), verb: target.slice(colon + 1) }
}

async function answerExplanation(
  parts: AnswerParts,
  http: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const request = parseInstances(httpBody(http).json, parts)
  return runAdmitted(parts.gate, { request: http, reply }, async () =>
    reply.send(await explain(parts, request)),
  )
}

/** `{instances}` or `{inputs}`, rows or columns; `parameters` as in the other protocols of rows. */
function parseInstances(body: unknown, options: ParseOptions): InferRequest {
  const fields = fieldsOf(body, 'the body', ['instances', 'inputs', 'parameters'])
  const { instances, inputs, parameters } = fields
  if ((instances === undefined) === (inputs === undefined)) {
    throw invalid('the body', 'exactly one of instances, inputs', instances)
  }
  const tensors =
    instances === undefined
      ? tensorsOfColumns(inputs, 'inputs')
      : tensorsOfRows(instances, 'instances')
  return rowsRequest(tensors, { parameters, where: 'parameters' }, options)
}
