import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Statistics } from './statistics.ts'

/** What is known of an inference request while it is answered. */
export interface Ongoing {
  /** The endpoint; undefined until it is known, and then never counted. */
  model: string | undefined
  version: number | null
  rows: number
}

/** Counts inference requests of every door: those under way, and what came of each. */
export interface RequestCounter {
  /**
   * Begins a request over HTTP; it ends when its answer has left, or when its caller hung up. Asked
   * again for the same request it changes nothing.
   */
  begin(
    http: { readonly request: FastifyRequest; readonly reply: FastifyReply },
    model: string,
  ): Ongoing
  /**
   * Counts a request of another door from begin to end.
   * @param statusOf the HTTP status that a failure would have
   */
  count<T>(work: (ongoing: Ongoing) => Promise<T>, statusOf: (error: unknown) => number): Promise<T>
  /** Inference requests under way. */
  readonly inFlight: number
}

/** What web servers write down for a caller that did not wait for its answer. */
const CALLER_GONE = 499

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Of an inference request, from its beginning on. It stands here and in no map by request: the
     * tables that a busy map leaves behind keep dead requests alive until the next full collection.
     */
    ongoing?: Ongoing
  }
}

/** One counter for all endpoints of a gateway. */
export function createRequestCounter(statistics: Statistics): RequestCounter {
  let underWay = 0

  function record({ model, version, rows }: Ongoing, status: number, durationMs: number): void {
    if (model === undefined) return
    statistics.record({ model, version, status, durationMs, rows: status < 400 ? rows : 0 })
  }

  return {
    begin({ request, reply }, model) {
      const known = request.ongoing
      if (known !== undefined) return known
      const begun: Ongoing = { model, version: null, rows: 0 }
      request.ongoing = begun
      underWay++
      // The framework's own `elapsedTime` is 0 unless it logs requests.
      const startedMs = request.arrival?.deadline.arrivedMs ?? performance.now()
      // The framework's own hook is silent when the caller hung up, and the request stayed for ever.
      reply.raw.once('close', () => {
        underWay--
        const status = reply.raw.writableFinished ? reply.statusCode : CALLER_GONE
        record(begun, status, performance.now() - startedMs)
      })
      return begun
    },
    async count(work, statusOf) {
      const begun: Ongoing = { model: undefined, version: null, rows: 0 }
      const startedAt = performance.now()
      const end = (status: number) => record(begun, status, performance.now() - startedAt)
      underWay++
      try {
        const answer = await work(begun)
        end(200)
        return answer
      } catch (error) {
        end(statusOf(error))
        throw error
      } finally {
        underWay--
      }
    },
    get inFlight() {
      return underWay
    },
  }
}
