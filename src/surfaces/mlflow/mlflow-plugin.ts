import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { mlflowError } from './error-reply.ts'
import { mlflowErrors } from './errors.ts'
import type { MlflowOptions } from './mlflow-options.ts'
import { NOTHING } from './nothing.ts'
import { readJsonBodies, readRaw } from './read-request.ts'
import type { MlflowRoute } from './route.ts'
import { MLFLOW_ROUTES } from './route-table.ts'
import { keptElsewhere } from './unsupported.ts'

const MEBIBYTE = 1_048_576
const USUAL_BODY_BYTES = 4 * MEBIBYTE
const PREFIXES = [
  '/api/2.0/mlflow',
  '/ajax-api/2.0/mlflow',
  '/api/3.0/mlflow',
  '/ajax-api/3.0/mlflow',
]
const EMPTY = '{}'

/**
 * The MLflow REST API on a server: tracking and model registry below `/api/2.0/mlflow` and
 * `/ajax-api/2.0/mlflow`, errors in MLflow's words, `ENDPOINT_NOT_FOUND` for all else below them.
 * Register it in an encapsulation of its own; the server's hooks have authenticated by then.
 */
export function mlflowPlugin(options: MlflowOptions): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    readJsonBodies(app)
    answerErrors(app, options.logger ?? (() => {}))
    for (const route of MLFLOW_ROUTES) addRoute(app, route, options)
    refuseTheRest(app)
  }
}

/** Where a route is served. */
export function routeUrls(route: MlflowRoute): string[] {
  const prefixes = route.isForPages ? ['/ajax-api'] : ['/api', '/ajax-api']
  return prefixes.map((prefix) => `${prefix}/${route.version}/mlflow/${route.path}`)
}

function addRoute(app: FastifyInstance, route: MlflowRoute, options: MlflowOptions): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const by = options.access.actor(request)
    const answer = await route.answer(readRaw(request, route), { ...options, request, by })
    const text = answer === NOTHING ? EMPTY : JSON.stringify(answer)
    return reply.header('content-type', 'application/json; charset=utf-8').send(text)
  }
  const bodyLimit = route.maxBodyBytes ?? USUAL_BODY_BYTES
  for (const url of routeUrls(route)) {
    app.route({ method: route.method, url, bodyLimit, exposeHeadRoute: false, handler })
  }
}

function answerErrors(app: FastifyInstance, logger: (message: string, cause: unknown) => void) {
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = mlflowError(tooLarge(error, request) ?? error)
    if (status >= 500 && status !== 501) logger(body.message, error)
    return reply
      .code(status)
      .header('content-type', 'application/json; charset=utf-8')
      .send(JSON.stringify(body))
  })
}

function tooLarge(error: unknown, request: FastifyRequest) {
  const { code } = error as { readonly code?: unknown }
  if (code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return undefined
  const maxBytes = request.routeOptions.bodyLimit
  return mlflowErrors.MLFLOW_BODY_TOO_LARGE({ maxBytes }, error)
}

/** Before the body is read: what is not served has no body that matters. */
function refuseTheRest(app: FastifyInstance): void {
  const refuse = async (request: FastifyRequest) => {
    const [path = ''] = request.url.split('?')
    throw mlflowErrors.MLFLOW_ENDPOINT_UNKNOWN({
      method: request.method,
      path: path.slice(0, 200),
      kept: keptElsewhere(path),
    })
  }
  for (const prefix of PREFIXES) {
    for (const url of [prefix, `${prefix}/*`]) app.all(url, { onRequest: refuse }, refuse)
  }
}
