import type { FastifyInstance } from 'fastify'
import { type AnswerParts, answerRequest, type Door } from '../answer-request.ts'
import { addLenientJson } from '../rows/lenient-json.ts'
import { predictionsOf } from '../rows/predictions.ts'
import { answerErrorsAsMlflow, type ToFailure } from './invocation-errors.ts'
import { parseInvocation } from './parse-invocation.ts'

const INVOCATIONS: Door<object> = {
  read: ({ json }, options) => parseInvocation(json, options),
  write: (answer) => ({ predictions: predictionsOf(answer) }),
}

export interface InvocationParts extends AnswerParts {
  readonly toFailure: ToFailure
}

/** MLflow's scoring protocol: it knows one model, which is the endpoint. */
export function addInvocationRoutes(scope: FastifyInstance, parts: InvocationParts): void {
  answerErrorsAsMlflow(scope, parts.toFailure)
  addLenientJson(scope)
  scope.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  scope.get('/ping', (_request, reply) => {
    const { ready } = parts.endpoint
    return reply
      .code(ready ? 200 : 503)
      .type('application/json; charset=utf-8')
      .send('\n')
  })
  scope.post('/invocations', { onResponse: parts.counter.onResponse }, (request, reply) =>
    answerRequest(parts, { request, reply }, { door: INVOCATIONS, version: undefined }),
  )
}
