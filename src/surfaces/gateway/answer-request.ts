import type { FastifyReply, FastifyRequest } from 'fastify'
import { isoTime } from '../../core/time/index.ts'
import type { RequestCounter } from './count-requests.ts'
import { requestEvent, writeEvent } from './events/cloud-event.ts'
import { type Inference, type InferParts, infer } from './infer.ts'
import type { InferRequest } from './open-inference.ts'
import type { ParseOptions } from './parse-request.ts'
import { type HttpBody, httpBody } from './rest/http-body.ts'

/** How one protocol over HTTP reads a request and writes its answer. */
export interface Door<T> {
  read(body: HttpBody, options: ParseOptions): InferRequest
  write(answer: Inference): T
  /** @default as JSON */
  send?(reply: FastifyReply, written: T, request: InferRequest): FastifyReply
}

export interface AnswerParts extends InferParts {
  readonly counter: RequestCounter
}

/** Answers a request of one protocol, as an event when it came as one. */
export async function answerRequest<T>(
  parts: AnswerParts,
  http: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { door, version }: { readonly door: Door<T>; readonly version: string | undefined },
): Promise<FastifyReply> {
  const ongoing = parts.counter.begin(http.request, parts.endpoint.name)
  const plain = httpBody(http.request)
  const { event, body } = requestEvent(http.request, plain) ?? { event: undefined, body: plain }
  const request = named(door.read(body, parts), event?.id)
  const answer = await infer(parts, {
    request,
    version,
    trace: http.request.trace,
    onChosen: (chosen) => {
      ongoing.version = chosen
    },
  })
  ongoing.rows = answer.answers.length
  const written = door.write(answer)
  if (event !== undefined) {
    const source = `/v2/models/${answer.model}/versions/${answer.version.version}`
    const time = isoTime(parts.clock.now())
    return writeEvent(http.reply, event, { source, time, data: written })
  }
  if (door.send !== undefined) return door.send(http.reply, written, request)
  return http.reply.type('application/json; charset=utf-8').send(JSON.stringify(written))
}

/** A request without an id of its own is known by that of its event. */
function named(request: InferRequest, eventId: string | undefined): InferRequest {
  return request.id === undefined && eventId !== undefined ? { ...request, id: eventId } : request
}
