import type { FastifyInstance, FastifyRequest } from 'fastify'
import { mlflowErrors } from './errors.ts'
import type { MlflowRoute } from './route.ts'

type JsonDone = (error: Error | null, body?: unknown) => void

/**
 * Makes the app read JSON bodies as MLflow's clients write them: empty means `{}`. Prototype keys
 * and NUL characters, which no database keeps, are refused.
 */
export function readJsonBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    (request: FastifyRequest, body: string, done: JsonDone) => {
      if (body.trim() === '') return done(null, {})
      const finish = (error: Error | null, parsed?: unknown) => {
        if (error !== null) return done(bodyInvalid('it is not JSON', error))
        if (body.includes('\\u0000') && holdsNul(parsed)) {
          return done(bodyInvalid('it holds a NUL character'))
        }
        done(null, parsed)
      }
      parseJson(request, body, finish)
    },
  )
}

/** What a request says, from its query or body, and its path. */
export function readRaw(request: FastifyRequest, route: MlflowRoute): unknown {
  const given = route.method === 'GET' ? readQuery(request, route) : readBody(request)
  const inPath = request.params as Readonly<Record<string, string>>
  return route.path.includes(':') ? { ...given, ...refuseNul(inPath) } : given
}

function readQuery(request: FastifyRequest, { lists }: MlflowRoute): Record<string, unknown> {
  const query: Record<string, unknown> = { ...(request.query as Record<string, unknown>) }
  for (const field of lists) {
    const given = query[field]
    if (given !== undefined && !Array.isArray(given)) query[field] = [given]
  }
  return refuseNul(query)
}

function readBody({ body }: FastifyRequest): object {
  if (body === undefined || body === null) return {}
  if (typeof body === 'object' && !Array.isArray(body)) return body
  throw bodyInvalid('it is not a JSON object')
}

function refuseNul<T extends object>(given: T): T {
  if (holdsNul(given)) throw bodyInvalid('it holds a NUL character')
  return given
}

/** Whether any text in it, keys included, holds NUL. Without recursion: depth is the sender's. */
function holdsNul(value: unknown): boolean {
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next === 'string') {
      if (next.includes('\0')) return true
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, inner] of Object.entries(next)) waiting.push(key, inner)
    }
  }
  return false
}

function bodyInvalid(reason: string, cause?: unknown) {
  return mlflowErrors.MLFLOW_BODY_INVALID({ reason }, cause)
}
