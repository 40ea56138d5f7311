import type { Socket } from 'node:net'
import type { PlatformError } from '../../../core/errors/index.ts'
import { serverErrors } from '../errors.ts'

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/** Answers bytes that are no request with a coded error, as every other mistake is answered. */
export function answerMalformedRequest(
  error: Error & { readonly code?: string },
  socket: Socket,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) socket.write(malformedAnswer(error.code))
  socket.destroy(error)
}

function malformedAnswer(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return textOf(
      431,
      serverErrors.REQUEST_TOO_LARGE({ reason: 'its address or headers are long' }),
    )
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return textOf(408, serverErrors.REQUEST_INVALID({ reason: 'it did not come in time' }))
  }
  return textOf(400, serverErrors.REQUEST_INVALID({ reason: 'it is not HTTP' }))
}

function textOf(status: number, failure: PlatformError): string {
  const body = JSON.stringify({ error: failure.toJSON() })
  return [
    `HTTP/1.1 ${status} ${STATUS_TEXTS[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
