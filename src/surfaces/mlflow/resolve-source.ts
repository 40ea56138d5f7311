import { allowedLoggedModel, allowedModel, allowedVersion } from './access.ts'
import { checkSourceRoot, isWithin, kindOfSource } from './client-location.ts'
import { mlflowErrors } from './errors.ts'
import { excerpt } from './request-fields.ts'
import type { RouteCall } from './route.ts'

type Call = Omit<RouteCall, 'input'>

export interface GivenSource {
  readonly source: string
  readonly runId: string | undefined
  readonly modelId: string | undefined
}

export interface ResolvedSource {
  /** Where the files are. */
  readonly artifactUri: string
  readonly runId: string | undefined
  readonly modelId: string | undefined
}

/**
 * Where the files of a new model version are, and which run and logged model made them. The caller
 * must be allowed to see what the source names.
 * @throws MLFLOW_LOCATION_REFUSED, MLFLOW_SOURCE_FOREIGN
 */
export async function resolveSource(call: Call, given: GivenSource): Promise<ResolvedSource> {
  switch (kindOfSource(given.source)) {
    case 'logged-model':
      return resolveLoggedModel(call, given)
    case 'registered-model':
      return resolveRegistered(call, given)
    case 'run':
      return resolveRun(call, given)
    case 'files':
      return resolveFiles(call, given)
  }
}

async function resolveLoggedModel(call: Call, given: GivenSource): Promise<ResolvedSource> {
  const id = given.source.slice('models:/'.length)
  if (given.modelId !== undefined && given.modelId !== id) {
    throw foreign(given, `logged model ${given.modelId}`)
  }
  const model = await allowedLoggedModel(call, 'experiments:read', id)
  const runId = given.runId ?? model.sourceRunId ?? undefined
  if (runId !== undefined) await readableRun(call, runId)
  return { artifactUri: model.artifactUri, runId, modelId: model.id }
}

/** `models:/name/3` and `models:/name@champion`: a copy of that version. */
async function resolveRegistered(call: Call, given: GivenSource): Promise<ResolvedSource> {
  const version = await namedVersion(call, given.source)
  return {
    artifactUri: version.artifactUri,
    runId: given.runId ?? version.runId ?? undefined,
    modelId: given.modelId ?? version.modelId ?? undefined,
  }
}

async function namedVersion(call: Call, source: string) {
  const rest = decodeURIComponent(source.slice('models:/'.length))
  const byAlias = /^([^/]+)@([^/@]+)$/.exec(rest)
  if (byAlias !== null) {
    const [, name = '', alias = ''] = byAlias
    await allowedModel(call, 'models:read', name)
    return call.catalog.versionByAlias(name, alias)
  }
  const byNumber = /^([^/]+)\/(\d{1,9})$/.exec(rest)
  if (byNumber !== null) {
    const [, name = '', version = ''] = byNumber
    return allowedVersion(call, 'models:read', { name, version: Number(version) })
  }
  const expected = 'models:/<name>/<version>, models:/<name>@<alias> or models:/<model id>'
  throw mlflowErrors.MLFLOW_FIELD_INVALID({ field: 'source', expected, got: excerpt(source) })
}

async function resolveRun(call: Call, given: GivenSource): Promise<ResolvedSource> {
  const [id = '', ...path] = given.source.slice('runs:/'.length).split('/')
  if (given.runId !== undefined && given.runId !== id) throw foreign(given, `run ${given.runId}`)
  const { artifactUri } = await readableRun(call, id)
  return { artifactUri: [artifactUri, ...path].join('/'), runId: id, modelId: given.modelId }
}

async function resolveFiles(call: Call, given: GivenSource): Promise<ResolvedSource> {
  const { source, runId, modelId } = given
  const at = { artifactUri: source, runId, modelId }
  if (modelId !== undefined) {
    const model = await allowedLoggedModel(call, 'experiments:read', modelId)
    if (isWithin(source, model.artifactUri)) return at
  }
  if (runId !== undefined) {
    const run = await readableRun(call, runId)
    if (isWithin(source, run.artifactUri)) return at
  }
  if (/^mlflow-artifacts:/i.test(source)) throw foreign(given, ownerOf(given))
  // Files that the operator's own programs put there belong to no run.
  checkSourceRoot(call, source)
  return at
}

async function readableRun(call: Call, id: string) {
  const run = await call.tracking.run(id)
  await call.access.guard(call.request, 'experiments:read', run.project)
  return run
}

function ownerOf({ runId, modelId }: GivenSource): string {
  if (modelId !== undefined) return `logged model ${modelId}`
  return runId === undefined ? 'run it should come from (run_id is missing)' : `run ${runId}`
}

function foreign({ source }: GivenSource, owner: string) {
  return mlflowErrors.MLFLOW_SOURCE_FOREIGN({ source: source.slice(0, 200), owner })
}
