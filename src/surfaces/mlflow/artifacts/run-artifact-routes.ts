import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseArtifactFolder, parseArtifactPath } from '../../../platform/artifact-files/index.ts'
import { mlflowErrors } from '../errors.ts'
import type { ArtifactOptions, ArtifactPermission } from './artifact-options.ts'
import { allowReading } from './artifact-owner.ts'
import { joinPath, pathOfUri } from './artifact-place.ts'
import { type FileAnswer, fileAnswer } from './list-artifacts.ts'
import { sendArtifact } from './send-artifact.ts'

const PREFIXES = ['/api/2.0/mlflow', '/ajax-api/2.0/mlflow']

type Query = Readonly<Record<string, unknown>>

interface Root {
  readonly uri: string
  readonly project: string
}

interface Listing {
  readonly root_uri: string
  readonly files: readonly FileAnswer[]
  readonly next_page_token?: string
}

/** Artifacts by run, logged model or model version: what MLflow's own pages ask for. */
export function runArtifactRoutes(
  options: ArtifactOptions,
): (app: FastifyInstance) => Promise<void> {
  async function rootOfRun(query: Query): Promise<Root> {
    const id = optionalText(query, 'run_id') ?? text(query, 'run_uuid')
    const run = await options.tracking.run(id)
    return { uri: run.artifactUri, project: run.project }
  }

  async function rootOfModel(request: FastifyRequest): Promise<Root> {
    const { model_id: id = '' } = request.params as { model_id?: string }
    const model = await options.tracking.loggedModel(id)
    return { uri: model.artifactUri, project: model.project }
  }

  async function rootOfVersion(query: Query): Promise<Root> {
    const number = text(query, 'version')
    if (!/^\d{1,9}$/.test(number)) throw invalid('version', 'a whole number', number)
    const version = await options.catalog.version(text(query, 'name'), Number(number))
    return { uri: version.artifactUri, project: version.project }
  }

  async function list(request: FastifyRequest, root: Root, below: string): Promise<Listing> {
    const folder = await allowed(request, { root, below, permission: 'artifacts:read' })
    const pageToken = optionalText(request.query as Query, 'page_token')
    const page = await options.files.list(folder, { pageToken })
    const top = joinPath(pathOfUri(options, root.uri), 'x').length - 1
    return {
      root_uri: root.uri,
      files: page.entries.map((entry) => fileAnswer(entry, entry.path.slice(top))),
      ...(page.nextPageToken === undefined ? {} : { next_page_token: page.nextPageToken }),
    }
  }

  async function allowed(
    request: FastifyRequest,
    asked: { root: Root; below: string; permission: ArtifactPermission },
  ): Promise<string> {
    await options.guard(request, asked.permission, asked.root.project)
    const path = joinPath(pathOfUri(options, asked.root.uri), asked.below)
    // An experiment may have been given a location inside another one's: its owner decides too.
    if (asked.root.uri.startsWith('mlflow-artifacts:')) await allowReading(options, request, path)
    return path
  }

  async function send(
    exchange: { request: FastifyRequest; reply: FastifyReply },
    found: { root: Root; permission: ArtifactPermission; field: string },
  ) {
    const below = parseArtifactPath(text(exchange.request.query as Query, found.field))
    const path = await allowed(exchange.request, { ...found, below })
    return sendArtifact(options.files, path, exchange)
  }

  const listRun = async (request: FastifyRequest) => {
    const query = request.query as Query
    return list(request, await rootOfRun(query), folderIn(query, 'path'))
  }
  const listModel = async (request: FastifyRequest) => {
    const folder = folderIn(request.query as Query, 'artifact_directory_path')
    return list(request, await rootOfModel(request), folder)
  }
  const runFile = async (request: FastifyRequest, reply: FastifyReply) => {
    const root = await rootOfRun(request.query as Query)
    return send({ request, reply }, { root, permission: 'artifacts:read', field: 'path' })
  }
  const versionFile = async (request: FastifyRequest, reply: FastifyReply) => {
    const root = await rootOfVersion(request.query as Query)
    return send({ request, reply }, { root, permission: 'models:read', field: 'path' })
  }
  const modelFile = async (request: FastifyRequest, reply: FastifyReply) => {
    const root = await rootOfModel(request)
    const field = 'artifact_file_path'
    return send({ request, reply }, { root, permission: 'artifacts:read', field })
  }

  return async (app) => {
    for (const prefix of PREFIXES) {
      app.get(`${prefix}/artifacts/list`, { exposeHeadRoute: false }, listRun)
      app.get(
        `${prefix}/logged-models/:model_id/artifacts/directories`,
        { exposeHeadRoute: false },
        listModel,
      )
    }
    app.get('/get-artifact', { exposeHeadRoute: false }, runFile)
    app.get('/model-versions/get-artifact', { exposeHeadRoute: false }, versionFile)
    app.get(
      '/ajax-api/2.0/mlflow/logged-models/:model_id/artifacts/files',
      { exposeHeadRoute: false },
      modelFile,
    )
  }
}

function folderIn(query: Query, field: string): string {
  return parseArtifactFolder(optionalText(query, field) ?? '')
}

function text(query: Query, field: string): string {
  const value = optionalText(query, field)
  if (value === undefined) throw mlflowErrors.MLFLOW_FIELD_MISSING({ field })
  return value
}

function optionalText(query: Query, field: string): string | undefined {
  const value = query[field]
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string' && !value.includes('\0')) return value
  throw invalid(field, 'one text', 'something else')
}

function invalid(field: string, expected: string, got: string) {
  return mlflowErrors.MLFLOW_FIELD_INVALID({ field, expected, got: got.slice(0, 50) })
}
