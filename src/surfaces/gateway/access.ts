import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { gatewayErrors } from './errors.ts'

const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]']

export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(host) || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/**
 * Who may ask. With a token every request must carry it. Without one the gateway listens on this
 * machine only, and the Host header must name this machine: a web page that points its own name at
 * 127.0.0.1 gets no answer.
 * @throws TOKEN_WRONG, HOST_REFUSED, CROSS_SITE_REFUSED
 */
export function checkAccess(request: FastifyRequest, token: string | undefined): void {
  if (token === undefined) {
    if (!isLoopback(request.hostname)) {
      throw gatewayErrors.HOST_REFUSED({ host: request.hostname })
    }
    if (isCrossSite(request)) throw gatewayErrors.CROSS_SITE_REFUSED({})
    return
  }
  const [scheme, given] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || given === undefined || !sameText(given, token)) {
    throw gatewayErrors.TOKEN_WRONG({})
  }
}

/** A browser says on its own where a request comes from; a program says nothing. */
function isCrossSite({ method, headers }: FastifyRequest): boolean {
  if (method === 'GET') return false
  const site = headers['sec-fetch-site']
  if (typeof site === 'string' && site !== 'same-origin' && site !== 'none') return true
  return headers.origin !== undefined && headers.origin !== `http://${headers.host}`
}

/** Compares in a time that tells nothing about where the texts part. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
