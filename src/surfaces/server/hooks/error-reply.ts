import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isPlatformError, type PlatformError } from '../../../core/errors/index.ts'
import { serverErrors } from '../errors.ts'

/** Told of faults of the server itself. */
export type FaultLogger = (message: string, cause: unknown) => void

/** What the framework or the code threw, as an error of the platform. */
export function asPlatformError(error: unknown, request: FastifyRequest): PlatformError {
  if (isPlatformError(error)) return error
  const { code = '', statusCode, message } = error as Partial<FastifyError>
  if (statusCode === 413) {
    return serverErrors.REQUEST_TOO_LARGE({ reason: 'its body is over the limit' }, error)
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const got = request.headers['content-type'] ?? 'none'
    return serverErrors.MEDIA_TYPE_WRONG({ got: got.slice(0, 200) }, error)
  }
  if (error instanceof SyntaxError || (statusCode !== undefined && isCallersFault(statusCode))) {
    return serverErrors.REQUEST_INVALID({ reason: sentence(message) }, error)
  }
  return serverErrors.SERVER_FAULT({}, error)
}

/** Answers errors as `{error: {code, message, hint, …, requestId}}`; logs the server's own. */
export function addErrorReplies(app: FastifyInstance, logger: FaultLogger): void {
  app.setErrorHandler((error, request, reply) => {
    const failure = asPlatformError(error, request)
    if (failure.status >= 500) logger(faultLine(request, failure), error)
    return reply.code(failure.status).send(errorBody(failure, request))
  })
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const failure = serverErrors.PATH_UNKNOWN({ method: request.method, path: path.slice(0, 200) })
    return reply.code(failure.status).send(errorBody(failure, request))
  })
}

/** For requests that the router itself turns away. */
export function replyToFrameworkError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const failure = asPlatformError(error, request)
  void reply.code(failure.status).send(errorBody(failure, request))
}

function errorBody(failure: PlatformError, request: FastifyRequest) {
  const told = failure.blame === 'system' ? withoutInside(failure) : failure.toJSON()
  return { error: { ...told, requestId: request.id } }
}

const SYSTEM_TEXTS: Readonly<Record<number, string>> = {
  503: 'The server cannot reach what it stands on just now, such as its database.',
  507: 'The storage of the server is full; nothing was kept.',
}

/** Faults of the system are told without paths, hosts or queries; the log has them. */
function withoutInside(failure: PlatformError) {
  const message = SYSTEM_TEXTS[failure.status] ?? 'The server failed to answer this request.'
  const hint = failure.retryable
    ? 'Try again in a moment; the error output of the server says more.'
    : "The server's error output says why, under the same request id."
  return { ...failure.toJSON(), message, hint, details: {} }
}

/** One JSON line, so that a log collector needs no rules for it. */
function faultLine(request: FastifyRequest, failure: PlatformError): string {
  return JSON.stringify({
    requestId: request.id,
    traceId: request.trace?.traceId,
    method: request.method,
    path: request.url.split('?', 1)[0]?.slice(0, 200),
    status: failure.status,
    code: failure.code,
    who: request.principal?.name,
  })
}

function isCallersFault(status: number): boolean {
  return status >= 400 && status < 500
}

function sentence(message: string | undefined): string {
  return (message ?? 'no reason given').replace(/\.$/, '').slice(0, 200)
}
