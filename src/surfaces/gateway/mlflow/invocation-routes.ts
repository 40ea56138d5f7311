import type { FastifyInstance } from 'fastify'
import { inferenceHooks } from '../admission/admit-request.ts'
import { answerRequest, type Door } from '../answer-request.ts'
import type { RequestCounter } from '../count-requests.ts'
import { askedEndpoint } from '../endpoint-directory.ts'
import { isAnyReady } from '../health-routes.ts'
import type { RouteParts } from '../route-parts.ts'
import { addLenientJson } from '../rows/lenient-json.ts'
import { predictionsOf } from '../rows/predictions.ts'
import { answerErrorsAsMlflow } from './invocation-errors.ts'
import { parseInvocation } from './parse-invocation.ts'

const INVOCATIONS: Door<object> = {
  read: ({ json }, options) => parseInvocation(json, options),
  write: (answer) => ({ predictions: predictionsOf(answer) }),
}

/**
 * MLflow's scoring protocol. It knows one model: the gateway's only endpoint, or the one that
 * `?endpoint=` or the header `x-esteira-endpoint` names.
 */
export function addInvocationRoutes(
  scope: FastifyInstance,
  { endpoints, seenBy, toFailure }: RouteParts,
  counter: RequestCounter,
): void {
  answerErrorsAsMlflow(scope, toFailure)
  addLenientJson(scope)
  scope.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  scope.get('/ping', (_request, reply) => {
    const ready = isAnyReady(endpoints.all)
    return reply
      .code(ready ? 200 : 503)
      .type('application/json; charset=utf-8')
      .send('\n')
  })
  const hooks = inferenceHooks(counter, (request) => {
    const name = askedEndpoint(request)
    const service = name === undefined ? soleOf(endpoints.all) : endpoints.get(name)
    return service?.inference
  })
  scope.post('/invocations', hooks, (request, reply) => {
    const { inference } = endpoints.named(askedEndpoint(request), () => seenBy(request))
    return answerRequest(inference, { request, reply }, { door: INVOCATIONS, version: undefined })
  })
}

function soleOf<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined
}
