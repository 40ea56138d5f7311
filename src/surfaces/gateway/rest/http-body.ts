import type { FastifyInstance, FastifyRequest } from 'fastify'
import { gatewayErrors } from '../errors.ts'
import { invalid } from '../parse-request.ts'

const HEADER_LENGTH = 'inference-header-content-length'
const JSON_EVENT = 'application/cloudevents+json'

/**
 * Lets the routes of a scope take JSON without a content type, JSON with binary data after it, and
 * events: what clients of the Open Inference Protocol send.
 */
export function addInferenceBodies(scope: FastifyInstance): void {
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const contentType = request.headers['content-type'] ?? ''
    const isKnown = contentType === '' || contentType.startsWith('application/octet-stream')
    if (isKnown) done(null, body)
    else done(gatewayErrors.CONTENT_TYPE_WRONG({ got: contentType.slice(0, 200) }))
  })
  // As bytes: `httpBody` reads them. The framework's parser would look through the text once more
  // for names that only matter to who copies fields, and nobody does here.
  // A server may have brought a parser of its own for JSON; it must go first.
  scope.removeContentTypeParser('application/json')
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  addEventBodies(scope)
}

/** Lets the routes of a scope take events that carry their data in JSON. */
export function addEventBodies(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser(JSON_EVENT, { parseAs: 'string' }, parse)
}

export interface HttpBody {
  readonly json: unknown
  /** What followed the JSON; undefined without the header that says where that ends. */
  readonly binary?: Buffer
}

/**
 * The parts of a request's body.
 * @throws BODY_NOT_JSON, BODY_INVALID
 */
export function httpBody({ body, headers }: FastifyRequest): HttpBody {
  if (!Buffer.isBuffer(body)) return { json: body }
  const length = headers[HEADER_LENGTH]
  if (body.length === 0) throw gatewayErrors.BODY_NOT_JSON({ reason: 'it is empty' })
  if (length === undefined) return { json: parseJson(body) }
  if (typeof length !== 'string' || !/^\d{1,9}$/.test(length) || Number(length) > body.length) {
    throw invalid(HEADER_LENGTH, `a whole number, at most ${body.length}`, length)
  }
  const end = Number(length)
  return { json: parseJson(body.subarray(0, end)), binary: body.subarray(end) }
}

/** A body that is JSON as a whole, whatever its headers say. @throws BODY_NOT_JSON */
export function jsonBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return body
  return body.length === 0 ? undefined : parseJson(body)
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : 'it cannot be parsed'
    throw gatewayErrors.BODY_NOT_JSON({ reason }, cause)
  }
}
