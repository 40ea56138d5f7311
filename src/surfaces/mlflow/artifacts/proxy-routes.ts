import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isPlatformError } from '../../../core/errors/index.ts'
import { parseArtifactFolder, parseArtifactPath } from '../../../platform/artifact-files/index.ts'
import type { ArtifactOptions } from './artifact-options.ts'
import { allowReading, allowWriting } from './artifact-owner.ts'
import { listAll } from './list-artifacts.ts'
import { bodyOf, streamBodies } from './receive-artifact.ts'
import { sendArtifact } from './send-artifact.ts'

const PREFIXES = ['/api/2.0/mlflow-artifacts', '/ajax-api/2.0/mlflow-artifacts']

/** Files by path: `mlflow-artifacts:/x` is `/api/2.0/mlflow-artifacts/artifacts/x`. */
export function proxyRoutes(options: ArtifactOptions): (app: FastifyInstance) => Promise<void> {
  const { files } = options

  async function upload(request: FastifyRequest) {
    const path = parseArtifactPath(wildcardOf(request))
    await allowWriting(options, request, path)
    const { content, signal } = bodyOf(request, { path, maxBytes: options.maxFileBytes })
    try {
      await files.put(path, content, { signal })
      return {}
    } catch (error) {
      // A refusal of the content itself says more than that the content broke off.
      throw isPlatformError(content.errored) ? content.errored : error
    }
  }

  async function download(request: FastifyRequest, reply: FastifyReply) {
    const path = parseArtifactPath(wildcardOf(request))
    await allowReading(options, request, path)
    return sendArtifact(files, path, { request, reply })
  }

  async function remove(request: FastifyRequest) {
    const path = parseArtifactPath(wildcardOf(request))
    await allowWriting(options, request, path)
    await files.delete(path)
    return {}
  }

  async function list(request: FastifyRequest) {
    const { path = '' } = request.query as { path?: unknown }
    const folder = parseArtifactFolder(String(path))
    await allowReading(options, request, folder)
    return { files: await listAll(files, folder) }
  }

  return async (app) => {
    streamBodies(app)
    for (const prefix of PREFIXES) {
      const url = `${prefix}/artifacts/*`
      app.put(url, upload)
      app.get(url, { exposeHeadRoute: false }, download)
      app.head(url, download)
      app.delete(url, remove)
      app.get(`${prefix}/artifacts`, { exposeHeadRoute: false }, list)
    }
  }
}

/** The rest of the path, decoded once. */
export function wildcardOf(request: FastifyRequest): string {
  const { '*': rest = '' } = request.params as { '*'?: string }
  return rest
}
