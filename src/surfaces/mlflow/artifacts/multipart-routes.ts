import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import {
  type ArtifactFiles,
  parseArtifactFolder,
  parseArtifactPath,
} from '../../../platform/artifact-files/index.ts'
import { mlflowErrors } from '../errors.ts'
import { readJsonBodies } from '../read-request.ts'
import { bySchema, integer, name } from '../request-fields.ts'
import type { ArtifactOptions } from './artifact-options.ts'
import { allowWriting } from './artifact-owner.ts'
import { joinPath } from './artifact-place.ts'
import { artifactProxyErrors } from './errors.ts'
import type { PartSigner } from './part-address.ts'
import { wildcardOf } from './proxy-routes.ts'
import { bodyOf, streamBodies } from './receive-artifact.ts'

const PREFIXES = ['/api/2.0/mlflow-artifacts', '/ajax-api/2.0/mlflow-artifacts']
const PART_URL = '/api/2.0/mlflow-artifacts/mpu/part'
/** Ten thousand parts, each with the address that it was sent to. */
const MAX_BODY_BYTES = 32 * 1024 * 1024

const createBody = bySchema(z.object({ path: name, num_parts: integer.default(1) }))
const abortBody = bySchema(z.object({ path: name, upload_id: name }))
const completeBody = bySchema(
  z.object({
    path: name,
    upload_id: name,
    parts: z.array(z.object({ part_number: integer, etag: z.string().nullish() })),
  }),
)

/** Big files in parts, as MLflow's client sends them when it is told to. */
export function multipartRoutes(
  options: ArtifactOptions,
  signer: PartSigner,
): (app: FastifyInstance) => Promise<void> {
  const { multipart } = options.files

  async function create(request: FastifyRequest) {
    const body = createBody(request.body)
    const path = await allowedPath(options, request, body.path)
    const uploadId = await multipart.begin(path, body.num_parts)
    const credentials = []
    for (let part = 1; part <= body.num_parts; part++) {
      const url = await partUrl({ path, uploadId, part }, request)
      credentials.push({ url, part_number: part, headers: {} })
    }
    return { upload_id: uploadId, credentials }
  }

  async function partUrl(
    address: { path: string; uploadId: string; part: number },
    request: FastifyRequest,
  ): Promise<string> {
    if (multipart.way === 'signed-url')
      return multipart.partUrl(address.path, address.uploadId, address.part)
    return `${request.protocol}://${request.host}${PART_URL}?${signer.sign(address)}`
  }

  async function complete(request: FastifyRequest) {
    const body = completeBody(request.body)
    const path = await allowedPath(options, request, body.path)
    const parts = body.parts.map(({ part_number, etag }) => ({
      number: part_number,
      etag: etag ?? '',
    }))
    await multipart.complete(path, body.upload_id, parts)
    return {}
  }

  async function abort(request: FastifyRequest) {
    const body = abortBody(request.body)
    await multipart.abort(await allowedPath(options, request, body.path), body.upload_id)
    return {}
  }

  return async (app) => {
    readJsonBodies(app)
    for (const prefix of PREFIXES) {
      app.post(`${prefix}/mpu/create/*`, create)
      app.post(`${prefix}/mpu/complete/*`, { bodyLimit: MAX_BODY_BYTES }, complete)
      app.post(`${prefix}/mpu/abort/*`, abort)
      app.get(`${prefix}/presigned/*`, async () => {
        throw mlflowErrors.MLFLOW_UNSUPPORTED({ what: 'Downloading by a signed address' })
      })
    }
  }
}

/** Takes parts at the addresses that were signed here: the signature stands for a login. */
export function partRoute(
  files: ArtifactFiles,
  signer: PartSigner,
): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    const { multipart } = files
    if (multipart.way !== 'through-here') return
    streamBodies(app)
    app.put(PART_URL, { config: { isPublic: true } }, async (request, reply) => {
      const address = signer.check(request.query as Record<string, unknown>)
      const { content, signal } = bodyOf(request, { path: address.path, maxBytes: undefined })
      const { etag } = await multipart.putPart(address, content, { signal })
      return reply.header('etag', etag).send({})
    })
  }
}

/** The folder in the URL and the name of the client's file make the path. */
async function allowedPath(
  options: ArtifactOptions,
  request: FastifyRequest,
  clientPath: string,
): Promise<string> {
  const fileName = clientPath.split(/[\\/]/).at(-1) ?? ''
  if (fileName === '')
    throw artifactProxyErrors.ARTIFACT_REQUEST_INVALID({ reason: '"path" names no file' })
  const path = parseArtifactPath(joinPath(parseArtifactFolder(wildcardOf(request)), fileName))
  await allowWriting(options, request, path)
  return path
}
