import type { DoneFuncWithErrOrRes, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * An answer for programs alone, in JSON or bytes, that many are waiting for: it goes without the
     * headers for browsers. @default false
     */
    isBare?: boolean
  }
}

/**
 * Headers that keep browsers from guessing types, framing pages and running foreign scripts. They are
 * the same for every answer, so they are not worked out anew for each; what a route says itself goes
 * first.
 */
const HEADERS: readonly (readonly [name: string, value: string])[] = [
  [
    'content-security-policy',
    [
      "default-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
      "object-src 'none'",
      "style-src 'self' 'unsafe-inline'",
    ].join(';'),
  ],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['origin-agent-cluster', '?1'],
  ['referrer-policy', 'same-origin'],
  ['x-content-type-options', 'nosniff'],
  ['x-dns-prefetch-control', 'off'],
  ['x-download-options', 'noopen'],
  ['x-frame-options', 'DENY'],
  ['x-permitted-cross-domain-policies', 'none'],
  // The filter of old browsers did more harm than good.
  ['x-xss-protection', '0'],
]

/** Promised only where TLS is: a promise over plain HTTP would be ignored anyway. */
const TRANSPORT = ['strict-transport-security', 'max-age=31536000; includeSubDomains'] as const

/** Adds the headers for browsers to every answer that is not bare. */
export function addSecurityHeaders(app: FastifyInstance, isSecure: boolean): void {
  const headers = isSecure ? [...HEADERS, TRANSPORT] : HEADERS
  app.addHook('onSend', sayHeaders)

  function sayHeaders(
    _request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
    done: DoneFuncWithErrOrRes,
  ): void {
    if (reply.isBare !== true) {
      for (const [name, value] of headers) {
        if (!reply.hasHeader(name)) reply.header(name, value)
      }
    }
    done(null, payload)
  }
}
