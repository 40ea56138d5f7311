import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { PlatformError } from '../../../core/errors/index.ts'
import { errorBody } from '../error-reply.ts'

/** What was thrown, as an error of the platform. */
export type ToFailure = (error: unknown, request: FastifyRequest) => PlatformError

/** What MLflow's clients look for, by HTTP status. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  429: 'REQUEST_LIMIT_EXCEEDED',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** Answers errors as MLflow's scoring server does, with the gateway's own fields beside. */
export function answerErrorsAsMlflow(scope: FastifyInstance, toFailure: ToFailure): void {
  scope.setErrorHandler((error, request, reply) => {
    const failure = toFailure(error, request)
    const fallback = failure.status >= 500 ? 'INTERNAL_ERROR' : 'BAD_REQUEST'
    const code = ERROR_CODES[failure.status] ?? fallback
    const body = { error_code: code, message: failure.message, ...errorBody(failure) }
    return reply.code(failure.status).send(body)
  })
}
