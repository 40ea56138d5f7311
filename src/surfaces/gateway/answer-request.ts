import type { FastifyReply, FastifyRequest } from 'fastify'
import { isoTime } from '../../core/time/index.ts'
import type { Arrival } from './admission/admission.ts'
import { runAdmitted } from './admission/admit-request.ts'
import type { Gate } from './admission/gate.ts'
import type { Ongoing, RequestCounter } from './count-requests.ts'
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
  readonly gate: Gate
}

interface Http {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

interface Asked<T> {
  readonly door: Door<T>
  readonly version: string | undefined
  readonly arrival: Arrival
  readonly ongoing: Ongoing
}

/** Answers a request of one protocol, as an event when it came as one, once it has a place. */
export function answerRequest<T>(
  parts: AnswerParts,
  http: Http,
  asked: { readonly door: Door<T>; readonly version: string | undefined },
): Promise<FastifyReply> {
  const ongoing = parts.counter.begin(http, parts.endpoint.name)
  http.reply.header('x-content-type-options', 'nosniff')
  return runAdmitted(parts.gate, http, (arrival) =>
    answerArrival(parts, http, { ...asked, arrival, ongoing }),
  )
}

async function answerArrival<T>(
  parts: AnswerParts,
  http: Http,
  { door, version, arrival, ongoing }: Asked<T>,
): Promise<FastifyReply> {
  const plain = httpBody(http.request)
  const { event, body } = requestEvent(http.request, plain) ?? { event: undefined, body: plain }
  const request = named(door.read(body, parts), event?.id)
  if (request.timeoutMs !== undefined) arrival.deadline.shorten(request.timeoutMs)
  const answer = await infer(parts, {
    request,
    version,
    trace: http.request.trace,
    deadline: arrival.deadline,
    onChosen: (chosen) => {
      ongoing.version = chosen
    },
  })
  ongoing.rows = answer.answers.length
  parts.gate.answered(arrival.caller, answer)
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
