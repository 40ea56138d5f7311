import { pipeline, type Readable, Transform } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { artifactProxyErrors } from './errors.ts'

/** Hands the bodies of all requests on as streams: nothing is held in memory. */
export function streamBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  // A body without a type comes through no parser and is read from the request just the same.
}

/**
 * The request's body as a stream that fails beyond `maxBytes`, and a signal that tells when the
 * sender is gone.
 * @throws ARTIFACT_TOO_LARGE when the announced length is beyond it
 */
export function bodyOf(
  request: FastifyRequest,
  limit: { readonly path: string; readonly maxBytes: number | undefined },
): { content: Readable; signal: AbortSignal } {
  const { path, maxBytes } = limit
  const controller = new AbortController()
  request.raw.once('close', () => {
    if (!request.raw.complete) controller.abort()
  })
  if (maxBytes === undefined) return { content: request.raw, signal: controller.signal }
  const tooLarge = () => artifactProxyErrors.ARTIFACT_TOO_LARGE({ path, maxBytes })
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  let bytes = 0
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > maxBytes) done(tooLarge())
      else done(null, chunk)
    },
  })
  // The callback keeps a failure before anybody reads from ending the process; readers see it too.
  pipeline(request.raw, limited, () => {})
  return { content: limited, signal: controller.signal }
}
