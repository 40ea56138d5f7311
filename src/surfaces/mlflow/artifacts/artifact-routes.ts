import { randomBytes } from 'node:crypto'
import type { FastifyError, FastifyInstance } from 'fastify'
import { mlflowError } from '../error-reply.ts'
import type { ArtifactOptions } from './artifact-options.ts'
import { multipartRoutes, partRoute } from './multipart-routes.ts'
import { createPartSigner, type PartSigner } from './part-address.ts'
import { proxyRoutes } from './proxy-routes.ts'
import { runArtifactRoutes } from './run-artifact-routes.ts'

/**
 * MLflow's artifact proxy and the artifact side of its API. Register it in an encapsulation of its
 * own; the server's hooks have authenticated by then, except where parts of big files are sent.
 */
export function artifactRoutes(options: ArtifactOptions): (app: FastifyInstance) => Promise<void> {
  const signer = signerOf(options)
  return async (app) => {
    answerErrors(app, options)
    await app.register(proxyRoutes(options))
    await app.register(multipartRoutes(options, signer))
    await app.register(partRoute(options.files, signer))
    await app.register(runArtifactRoutes(options))
  }
}

function signerOf({ secret, nowMs }: ArtifactOptions): PartSigner {
  return createPartSigner(secret ?? randomBytes(32), nowMs ?? Date.now)
}

function answerErrors(app: FastifyInstance, { logger }: ArtifactOptions): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const { status, body } = mlflowError(error)
    if (status >= 500 && status !== 501) logger?.(body.message, error)
    // Whatever is still coming of a refused upload is not waited for.
    if (!request.raw.complete) reply.header('connection', 'close')
    return reply.code(status).send(body)
  })
}
