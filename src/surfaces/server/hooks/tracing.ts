import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Attributes, RequestTrace, Telemetry } from '../../../platform/telemetry/index.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's span; undefined when nothing is traced. */
    trace?: RequestTrace | undefined
  }
}

/** Asked every few seconds by machines: their spans would only hide the others. */
const UNTRACED =
  /^\/(?:health(?:\/\w+)?|v2\/health\/\w+|ping|metrics|v2\/models\/:name(?:\/versions\/:version)?\/ready)$/

/** Methods that the conventions know; others are told apart by nobody. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT']

/**
 * Traces every request of a server by the HTTP conventions of OpenTelemetry: a span of the route, a
 * child of the caller's context. The answer's header `traceresponse` names it. Paths are told where
 * they hold no names of people: those of predictions, and those without parameters.
 */
export function addTracing(app: FastifyInstance, telemetry: Telemetry | undefined): void {
  app.decorateRequest('trace', undefined)
  if (telemetry === undefined) return
  app.addHook('onRequest', (request, reply, done) => {
    const route = request.routeOptions.url
    if (route === undefined || !UNTRACED.test(route)) begin(telemetry, request, reply)
    done()
  })
}

function begin(telemetry: Telemetry, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url
  const method = METHODS.includes(request.method) ? request.method : '_OTHER'
  const shown = method === '_OTHER' ? 'HTTP' : method
  const trace = telemetry.begin({
    name: route === undefined ? shown : `${shown} ${route}`,
    carrier: request.headers,
    attributes: requestAttributes(request, method),
  })
  request.trace = trace
  const { traceparent } = trace.headers()
  if (traceparent !== undefined) reply.header('traceresponse', traceparent)
  // Comes in any case, also when the caller hangs up before the answer.
  reply.raw.once('close', () => {
    const wasSent = reply.raw.writableFinished
    trace.end(wasSent ? answered(reply.statusCode) : { failed: false, attributes: HUNG_UP })
  })
}

const HUNG_UP: Attributes = { 'error.type': 'caller_hung_up' }

function requestAttributes(request: FastifyRequest, method: string): Attributes {
  const { routeOptions, protocol, hostname, port, url } = request
  const route = routeOptions.url
  const [path = ''] = url.split('?')
  return {
    'http.request.method': method,
    'url.scheme': protocol,
    'network.protocol.version': request.raw.httpVersion,
    'server.address': hostname,
    ...(port === null ? {} : { 'server.port': port }),
    ...(route === undefined ? {} : { 'http.route': route }),
    ...(route === path || /^\/v[12]\//.test(route ?? '') ? { 'url.path': path } : {}),
  }
}

/** A 4xx is the caller's mistake: for the server it is no error. */
function answered(status: number) {
  const failed = status >= 500
  return {
    failed,
    attributes: {
      'http.response.status_code': status,
      ...(failed ? { 'error.type': String(status) } : {}),
    },
  }
}
