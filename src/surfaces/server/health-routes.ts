import type { FastifyInstance } from 'fastify'
import type { Database } from '../../platform/database/index.ts'
import type { FaultLogger } from './hooks/error-reply.ts'

export interface HealthParts {
  readonly database: Database
  readonly release: string
  readonly logger: FaultLogger
}

/** Whether the server lives, is ready, and which it is; answered without a login. */
export function addHealthRoutes(app: FastifyInstance, parts: HealthParts): void {
  const options = { config: { isPublic: true } }
  app.get('/health', options, (_request, reply) => reply.type('text/plain').send('OK'))
  app.get('/version', options, (_request, reply) => reply.type('text/plain').send(parts.release))
  app.get('/health/live', options, () => ({ live: true }))
  app.get('/health/ready', options, async (_request, reply) => {
    try {
      await parts.database.ping()
      return { ready: true }
    } catch (error) {
      // Who asks needs no account, so the reason goes to the log.
      parts.logger('not ready: the database does not answer', error)
      return reply.code(503).send({ ready: false, reason: 'the database does not answer' })
    }
  })
}
