import { createGunzip, createInflate } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { gatewayErrors } from '../errors.ts'

/**
 * Lets the routes of a scope take bodies in gzip or deflate. The body limit holds for what comes
 * out, so that a small body cannot become a large one.
 */
export function addCompressedBodies(scope: FastifyInstance): void {
  scope.addHook('preParsing', async (request, _reply, payload) => {
    const encoding = request.headers['content-encoding']
    if (encoding === undefined || encoding === 'identity') return payload
    if (encoding !== 'gzip' && encoding !== 'deflate') {
      const got = `${encoding.slice(0, 40)} (content-encoding)`
      throw gatewayErrors.CONTENT_TYPE_WRONG({ got })
    }
    const unzip = encoding === 'gzip' ? createGunzip() : createInflate()
    // The framework holds this against the stated length.
    const plain = Object.assign(unzip, { receivedEncodedLength: 0 })
    payload.on('data', (chunk: Buffer) => {
      plain.receivedEncodedLength += chunk.length
    })
    payload.on('error', (error) => plain.emit('error', error))
    return payload.pipe(plain)
  })
}
