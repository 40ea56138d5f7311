import type { FastifyInstance } from 'fastify'
import { serverErrors } from '../errors.ts'

const MINUTE_MS = 60_000

/** At most so many requests a minute of one account, or of one address without a login. */
export async function addRateLimit(app: FastifyInstance, perMinute: number): Promise<void> {
  if (perMinute === 0) return
  const { default: rateLimit } = await import('@fastify/rate-limit')
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: ({ principal, ip }) =>
      principal.name === 'anonymous' ? `address ${ip}` : `account ${principal.name}`,
    errorResponseBuilder: (_request, { ttl }) =>
      serverErrors.TOO_MANY_REQUESTS({ retryAfterSeconds: Math.ceil(ttl / 1_000) }),
  })
}
