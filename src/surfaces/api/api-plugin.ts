import type { FastifyInstance } from 'fastify'
import { API_PREFIX, OPERATIONS, openApiDocument } from '../api-contract/index.ts'
import type { ApiContext } from './api-context.ts'
import { requireFor } from './caller.ts'
import { apiErrors } from './errors.ts'
import { HANDLERS } from './handlers/all-handlers.ts'
import { streamProgress } from './http/progress-stream.ts'
import { registerOperations } from './http/register-operations.ts'

/** Adds the API under `/api/v1`: its operations, its OpenAPI document, live progress. */
export async function apiPlugin(app: FastifyInstance, context: ApiContext): Promise<void> {
  registerOperations(app, context, HANDLERS)
  let document: string | undefined
  app.get(`${API_PREFIX}/openapi.json`, async (_request, reply) => {
    // Made when it is first asked for: it takes a while, and a start should not.
    document ??= JSON.stringify(openApiDocument(OPERATIONS, context.version))
    return reply.type('application/json; charset=utf-8').send(document)
  })
  app.get<{ Querystring: { project?: string } }>(
    `${API_PREFIX}/progress`,
    async (request, reply) => {
      const { project } = request.query
      if (project !== undefined) await requireFor({ request }, 'experiments:read', project)
      await streamProgress(context, request, reply)
    },
  )
  app.all(`${API_PREFIX}/*`, async (request) => {
    const [path = ''] = request.url.split('?')
    throw apiErrors.API_ROUTE_UNKNOWN({ method: request.method, path: path.slice(0, 200) })
  })
}
