import type { FastifyReply, FastifyRequest } from 'fastify'
import { gatewayErrors } from '../errors.ts'
import type { HttpBody } from '../rest/http-body.ts'

/** Names that KServe gave its events; sinks tell them apart by these. */
export const REQUEST_TYPE = 'org.kubeflow.serving.inference.request'
export const RESPONSE_TYPE = 'org.kubeflow.serving.inference.response'

const SPEC_VERSION = '1.0'
const LONGEST = 256
const ATTRIBUTES = ['id', 'source', 'type', 'specversion'] as const

/** An event (CloudEvents 1.0) that a request is, and in which mode it came. */
export interface RequestEvent {
  readonly mode: 'structured' | 'binary'
  readonly id: string
}

/**
 * The event that a request is, with its data; undefined for a plain request.
 * @throws EVENT_INVALID
 */
export function requestEvent(
  { headers }: FastifyRequest,
  body: HttpBody,
): { readonly event: RequestEvent; readonly body: HttpBody } | undefined {
  if (headers['content-type']?.startsWith('application/cloudevents+json') === true) {
    return structuredEvent(body.json)
  }
  if (headers['ce-specversion'] === undefined) return undefined
  const attributes = ATTRIBUTES.map((name) => [name, headers[`ce-${name}`]] as const)
  return { event: { mode: 'binary', id: eventId(Object.fromEntries(attributes)) }, body }
}

function structuredEvent(json: unknown) {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw gatewayErrors.EVENT_INVALID({ reason: 'it is no JSON object' })
  }
  const fields: Readonly<Record<string, unknown>> = { ...json }
  const event: RequestEvent = { mode: 'structured', id: eventId(fields) }
  if (fields.data_base64 !== undefined) {
    throw gatewayErrors.EVENT_INVALID({ reason: 'its data are not JSON but base64' })
  }
  return { event, body: { json: fields.data } }
}

function eventId(attributes: Readonly<Record<string, unknown>>): string {
  for (const name of ATTRIBUTES) {
    const value = attributes[name]
    if (typeof value !== 'string' || value === '' || value.length > LONGEST) {
      const reason = `"${name}" is no text of 1 to ${LONGEST} characters`
      throw gatewayErrors.EVENT_INVALID({ reason })
    }
  }
  if (attributes.specversion !== SPEC_VERSION) {
    throw gatewayErrors.EVENT_INVALID({ reason: `its specversion is not "${SPEC_VERSION}"` })
  }
  return String(attributes.id)
}

/** Sends an answer as an event in the mode in which the request came. */
export function writeEvent(
  reply: FastifyReply,
  { mode, id }: RequestEvent,
  answer: { readonly source: string; readonly time: string; readonly data: unknown },
): FastifyReply {
  const attributes = {
    specversion: SPEC_VERSION,
    id,
    source: answer.source,
    type: RESPONSE_TYPE,
    time: answer.time,
  }
  if (mode === 'structured') {
    const event = { ...attributes, datacontenttype: 'application/json', data: answer.data }
    return reply
      .type('application/cloudevents+json; charset=utf-8')
      .send(Buffer.from(JSON.stringify(event)))
  }
  return reply
    .headers(eventHeaders(attributes))
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(answer.data))
}

/** The attributes as headers; what a header cannot carry goes percent-encoded. */
export function eventHeaders(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodedHeader(value)]),
  )
}

function encodedHeader(value: string): string {
  return value.replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, (text) =>
    encodeURIComponent(text.isWellFormed() ? text : '\uFFFD'),
  )
}
