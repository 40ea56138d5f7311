import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PredictionLog } from '../../platform/storage/index.ts'
import { requireModel } from './health-routes.ts'
import { type InferParts, infer } from './infer.ts'
import type { Statistics } from './statistics.ts'
import { takeLabels } from './take-labels.ts'

interface InferAddress {
  readonly name: string
  readonly version?: string
}

/** What is known of an inference request while it is answered. */
interface Ongoing {
  version: number | null
  rows: number
}

export interface InferenceRouteParts extends InferParts {
  readonly log: PredictionLog
  readonly statistics: Statistics
}

/**
 * The routes that predict, and the one that takes labels.
 * @returns how many inference requests are under way
 */
export function addInferenceRoutes(
  server: FastifyInstance,
  parts: InferenceRouteParts,
): () => number {
  const ongoing = new Map<FastifyRequest, Ongoing>()

  async function answer(
    request: FastifyRequest<{ Params: InferAddress }>,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { params, body } = request
    requireModel(parts.endpoint, params.name)
    const record: Ongoing = { version: null, rows: 0 }
    ongoing.set(request, record)
    const response = await infer(parts, {
      body,
      version: params.version,
      onChosen: (version) => {
        record.version = version
      },
    })
    record.rows = response.outputs[0]?.shape[0] ?? 0
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(response))
  }

  async function onResponse(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const record = ongoing.get(request)
    if (record === undefined) return
    ongoing.delete(request)
    parts.statistics.record({
      model: parts.endpoint.name,
      version: record.version,
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
      rows: reply.statusCode < 400 ? record.rows : 0,
    })
  }

  for (const suffix of ['', '/versions/:version']) {
    const path = `/v2/models/:name${suffix}/infer`
    server.post<{ Params: InferAddress }>(path, { onResponse }, answer)
  }
  server.post('/v1/labels', ({ body }) => ({ accepted: acceptLabels(parts, body) }))
  return () => ongoing.size
}

function acceptLabels({ endpoint, log, clock }: InferenceRouteParts, body: unknown): number {
  const stable = endpoint.serving?.stable
  const signature = stable === undefined ? undefined : endpoint.pool.get(stable)?.version.signature
  return takeLabels({ body, log, clock, signature })
}
