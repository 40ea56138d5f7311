import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

/** Headers that keep browsers from guessing types, framing pages and running foreign scripts. */
export async function addSecurityHeaders(app: FastifyInstance, isSecure: boolean): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
    // Promised only where TLS is: a promise over plain HTTP would be ignored anyway.
    strictTransportSecurity: isSecure && { maxAge: 31_536_000 },
  })
}
