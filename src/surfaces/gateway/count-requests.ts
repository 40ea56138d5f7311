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
  /** Begins a request whose end the framework tells to `onResponse`. */
  begin(request: FastifyRequest, model: string): Ongoing
  onResponse(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /**
   * Counts a request of another door from begin to end.
   * @param statusOf the HTTP status that a failure would have
   */
  count<T>(work: (ongoing: Ongoing) => Promise<T>, statusOf: (error: unknown) => number): Promise<T>
  /** Inference requests under way. */
  readonly inFlight: number
}

/** One counter for all endpoints of a gateway. */
export function createRequestCounter(statistics: Statistics): RequestCounter {
  const ongoing = new Map<FastifyRequest, Ongoing>()
  let others = 0

  function record({ model, version, rows }: Ongoing, status: number, durationMs: number): void {
    if (model === undefined) return
    statistics.record({ model, version, status, durationMs, rows: status < 400 ? rows : 0 })
  }

  return {
    begin(request, model) {
      const begun: Ongoing = { model, version: null, rows: 0 }
      ongoing.set(request, begun)
      return begun
    },
    async onResponse(request, reply) {
      const ended = ongoing.get(request)
      if (ended === undefined) return
      ongoing.delete(request)
      record(ended, reply.statusCode, reply.elapsedTime)
    },
    async count(work, statusOf) {
      const begun: Ongoing = { model: undefined, version: null, rows: 0 }
      const startedAt = performance.now()
      const end = (status: number) => record(begun, status, performance.now() - startedAt)
      others++
      try {
        const answer = await work(begun)
        end(200)
        return answer
      } catch (error) {
        end(statusOf(error))
        throw error
      } finally {
        others--
      }
    },
    get inFlight() {
      return ongoing.size + others
    },
  }
}
