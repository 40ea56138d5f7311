import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { isPlatformError } from '../../../core/errors/index.ts'
import type { RequestCounter } from '../count-requests.ts'
import type { Allowance, Arrival } from './admission.ts'
import { callerOfRequest } from './caller.ts'
import type { Gate } from './gate.ts'
import { timeoutOfHeaders } from './request-timeout.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of an inference request that was let in. */
    arrival?: Arrival
  }
}

/** An endpoint as its hooks need it. */
export interface GatedEndpoint {
  readonly endpoint: { readonly name: string }
  readonly gate: Gate
}

interface Http {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/**
 * The hooks of a route that predicts: let in or refused before the body is read, and counted.
 * @param endpointOf the endpoint that is asked; undefined when there is none, which the route says
 */
export function inferenceHooks(
  counter: RequestCounter,
  endpointOf: (request: FastifyRequest) => GatedEndpoint | undefined,
) {
  return {
    onRequest(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
      const gated = endpointOf(request)
      if (gated === undefined) {
        done()
        return
      }
      const http = { request, reply }
      reply.isBare = true
      try {
        request.arrival = knock(gated, http, counter)
        if (request.arrival.allowance !== undefined) sayAllowance(reply, request.arrival.allowance)
        done()
      } catch (error) {
        counter.begin(http, gated.endpoint.name)
        sayWhenToRetry(reply, error)
        done(error as Error)
      }
    },
  }
}

/**
 * Does the work of a request that was let in, as soon as it has a place.
 * @throws OVERLOADED, DEADLINE_PASSED, CALLER_GONE, and what the work throws
 */
export async function runAdmitted<T>(
  { admission }: Gate,
  { request, reply }: Http,
  work: (arrival: Arrival) => Promise<T>,
): Promise<T> {
  const { arrival } = request
  if (arrival === undefined) throw new Error('a route that predicts lacks its hooks')
  try {
    return await admission.run(arrival, () => work(arrival))
  } catch (error) {
    sayWhenToRetry(reply, error)
    throw error
  }
}

function knock({ endpoint, gate }: GatedEndpoint, http: Http, counter: RequestCounter): Arrival {
  const { request, reply } = http
  const { raw } = request
  return gate.admission.arrive({
    caller: callerOfRequest(request),
    timeoutMs: timeoutOfHeaders(request.headers),
    // A half-closed connection counts as well: Node gives it no answer.
    isAbandoned: () => raw.socket.destroyed || raw.socket.writable === false,
    isSettled: () => reply.sent || raw.complete || raw.socket.destroyed,
    onLateBody: (failure) => {
      counter.begin(http, endpoint.name)
      // Else what still drips in would be read, and thrown away, for ever.
      reply.header('connection', 'close').send(failure)
    },
  })
}

/** `RateLimit-*` as in draft 7 of the IETF's "RateLimit header fields for HTTP". */
function sayAllowance(reply: FastifyReply, { limit, remaining, resetSeconds }: Allowance): void {
  reply.header('ratelimit-limit', limit)
  reply.header('ratelimit-remaining', remaining)
  reply.header('ratelimit-reset', resetSeconds)
}

function sayWhenToRetry(reply: FastifyReply, error: unknown): void {
  if (!isPlatformError(error)) return
  const { retryAfterSeconds, limit, remaining, resetSeconds } = error.details
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', retryAfterSeconds)
  if (error.code === 'RATE_LIMITED') {
    sayAllowance(reply, {
      limit: Number(limit),
      remaining: Number(remaining),
      resetSeconds: Number(resetSeconds),
    })
  }
}
