import { Metadata, type ServiceError, status } from '@grpc/grpc-js'
import type { PlatformError } from '../../../core/errors/index.ts'
import type { RequestTrace } from '../../../platform/telemetry/index.ts'

const STATUS: Readonly<Record<number, status>> = {
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  499: status.CANCELLED,
  409: status.FAILED_PRECONDITION,
  429: status.RESOURCE_EXHAUSTED,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
}

/**
 * An error as a call ends with it; the trailers `esteira-code` and `esteira-hint` say the rest, and
 * `traceresponse` names the trace of a traced call.
 */
export function callFailure(
  failure: PlatformError,
  trace?: RequestTrace,
): Partial<ServiceError> & Pick<ServiceError, 'code'> {
  const metadata = new Metadata()
  metadata.set('esteira-code', failure.code)
  metadata.set('esteira-hint', headerText(failure.hint))
  const traceparent = trace?.headers().traceparent
  if (traceparent !== undefined) metadata.set('traceresponse', traceparent)
  const { retryAfterSeconds } = failure.details
  if (typeof retryAfterSeconds === 'number') {
    // What clients with a retry policy obey (gRFC A6), and what people read.
    metadata.set('grpc-retry-pushback-ms', String(retryAfterSeconds * 1_000))
    metadata.set('retry-after', String(retryAfterSeconds))
  }
  const fallback = failure.status >= 500 ? status.INTERNAL : status.INVALID_ARGUMENT
  const code = STATUS[failure.status] ?? fallback
  return { code, details: failure.message.toWellFormed(), metadata }
}

/** Trailers carry printable ASCII alone. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 1_000)
}
