import type { FastifyError } from 'fastify'
import { isPlatformError, type PlatformError } from '../../core/errors/index.ts'
import { gatewayErrors } from './errors.ts'

export interface ErrorBody {
  readonly error: string
  readonly code: string
  readonly hint: string
}

/** The protocol's error body, with code and hint beside the message. */
export function errorBody({ message, code, hint }: PlatformError): ErrorBody {
  return { error: message, code, hint }
}

/** What the server framework or the code threw, as an error of the platform. */
export function platformError(
  error: unknown,
  request: { readonly contentType: string | undefined; readonly bodyLimit: number },
): PlatformError {
  if (isPlatformError(error)) return error
  const { code, statusCode, message } = error as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return gatewayErrors.BODY_TOO_LARGE({ limit: request.bodyLimit }, error)
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return gatewayErrors.CONTENT_TYPE_WRONG({ got: request.contentType ?? 'none' }, error)
  }
  const broken = brokenJson(error, code)
  if (broken !== undefined) return gatewayErrors.BODY_NOT_JSON({ reason: broken }, error)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return gatewayErrors.REQUEST_REFUSED({ reason: sentence(message) }, error)
  }
  return gatewayErrors.GATEWAY_FAULT({}, error)
}

/** What is wrong with a body as JSON; undefined when that is not what failed. */
function brokenJson(error: unknown, code: string | undefined): string | undefined {
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return 'it is empty'
  // The framework says no more, of a member that would change a prototype neither.
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') return 'it cannot be parsed, or names __proto__'
  return error instanceof SyntaxError ? sentence(error.message) : undefined
}

/** Whether operators should look into it: overload and late answers are told by figures, not logged. */
export function isOwnFault({ status, code }: PlatformError): boolean {
  return status >= 500 && code !== 'OVERLOADED' && code !== 'DEADLINE_PASSED'
}

function sentence(message: string | undefined): string {
  return (message ?? 'no reason given').replace(/\.$/, '').slice(0, 200)
}
