/** How long a client may take, and how much it may send, before any route is asked. */
export interface HttpLimits {
  /** Milliseconds for a request's headers, from the connection or the request before. */
  readonly headersMs: number
  /** Milliseconds for a whole request, body included. */
  readonly requestMs: number
  /** Connections at once; more are closed as they come. */
  readonly maxConnections: number
}

const MAX_HEADER_BYTES = 16_384
/** Late clients are looked for so often; Node's own 30 s would triple the time they get. */
const CHECK_EVERY_MS = 2_000

/**
 * A client that drips its headers, or opens a connection and stays silent, is cut off after ten
 * seconds. Whole requests get two hours, as the artifacts of a training run are uploaded in one: a
 * shorter bound is a route's own, as for predictions. Ten thousand connections of about 15 KiB are
 * less than the model beside them; without a bound, file descriptors run out and nothing can be
 * opened any more, not even the database.
 */
export const HTTP_LIMITS: HttpLimits = {
  headersMs: 10_000,
  requestMs: 2 * 3_600_000,
  maxConnections: 10_000,
}

/** The limits as options of Fastify; `maxConnections` is set on the server itself. */
export function httpOptions({ headersMs, requestMs }: HttpLimits) {
  return {
    requestTimeout: requestMs,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headersMs,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, headersMs),
    },
  }
}
