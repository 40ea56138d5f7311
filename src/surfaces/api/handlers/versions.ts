import type { CatalogVersion } from '../../../stages/registry/catalog/index.ts'
import { compareVersions, fetchCompared } from '../../../stages/registry/index.ts'
import { actorOf, requireFor } from '../caller.ts'
import { apiErrors } from '../errors.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { requireTag } from '../http/entity-tag.ts'
import { searchOptions, wirePage } from '../http/search-options.ts'
import { permittedModel } from './models.ts'
import { wireComparison, wireVersion } from './wire-registry.ts'

async function permittedVersion(
  call: Pick<Call, 'request' | 'context' | 'operation'>,
  params: { readonly model: string; readonly version: number },
): Promise<CatalogVersion> {
  await permittedModel(call, params.model)
  return call.context.catalog.version(params.model, params.version)
}

/** A filter on one model, together with the caller's own. */
function ofModel(model: string, filter: string | undefined): string {
  const quoted = `name = '${model.replaceAll("'", "''")}'`
  return filter === undefined || filter.trim() === '' ? quoted : `${quoted} AND ${filter}`
}

interface NewVersionBody {
  readonly loggedModelId?: string | undefined
  readonly runId?: string | undefined
  readonly path?: string | undefined
}

/** Where the files of a new version are; the caller must be allowed to read them there. */
async function sourceOf(call: Pick<Call, 'request' | 'context'>, body: NewVersionBody) {
  const { tracking } = call.context
  if (body.loggedModelId !== undefined) {
    const model = await tracking.loggedModel(body.loggedModelId)
    await requireFor(call, 'artifacts:read', {
      project: model.project,
      subject: `logged-model/${model.id}`,
    })
    return {
      source: `models:/${model.id}`,
      artifactUri: model.artifactUri,
      modelId: model.id,
      ...(model.sourceRunId === null ? {} : { runId: model.sourceRunId }),
    }
  }
  if (body.runId === undefined || body.path === undefined) {
    const got = body.runId === undefined ? 'neither' : 'runId without path'
    throw apiErrors.VERSION_SOURCE_MISSING({ got })
  }
  const run = await tracking.run(body.runId)
  await requireFor(call, 'artifacts:read', { project: run.project, subject: `run/${run.id}` })
  const { path } = body
  return {
    source: `runs:/${run.id}/${path}`,
    artifactUri: `${run.artifactUri}/${path}`,
    runId: run.id,
  }
}

export const versionHandlers: HandlersOf<'versions'> = {
  'versions.list': async (call) => {
    const { context, params, query } = call
    await permittedModel(call, params.model)
    const page = await context.catalog.searchVersions({
      ...searchOptions(call, query),
      filter: ofModel(params.model, query.filter),
    })
    return wirePage(page, wireVersion)
  },
  'versions.create': async (call) => {
    const { body, context, params, request } = call
    await permittedModel(call, params.model)
    const source = await sourceOf(call, body)
    const { description, tags } = body
    const version = await context.catalog.createVersion(actorOf(call), {
      model: params.model,
      user: request.principal.name,
      description,
      tags,
      ...source,
    })
    return wireVersion(version)
  },
  'versions.get': async (call) => wireVersion(await permittedVersion(call, call.params)),
  'versions.update': async (call) => {
    const { body, context, params } = call
    requireTag(call, wireVersion(await permittedVersion(call, params)))
    const { catalog } = context
    return wireVersion(
      await catalog.describeVersion(actorOf(call), params.model, params.version, body.description),
    )
  },
  'versions.delete': async (call) => {
    const { context, params } = call
    await permittedModel(call, params.model)
    await context.catalog.deleteVersion(actorOf(call), params.model, params.version)
    return undefined
  },
  'versions.retire': async (call) => {
    const { body, context, params } = call
    await permittedModel(call, params.model)
    return wireVersion(await context.governance.retire(actorOf(call), { ...params, ...body }))
  },
  'versions.compare': async (call) => {
    const { context, params, query } = call
    const { project } = await permittedModel(call, params.model)
    // Loaded when first asked: it brings a table engine along that a start has no need of.
    const { openRecordStore } = await import('../../../platform/storage/index.ts')
    const store = openRecordStore(context.database, { project })
    const [left, right] = await fetchCompared(store, { ...params, ...query })
    return wireComparison(compareVersions(left, right))
  },
  'versions.adopt': async (call) => {
    const { body, context, params } = call
    const { project } = await permittedModel(call, params.model)
    await requireFor(call, 'artifacts:read', { project, subject: `model/${params.model}` })
    const adoption = await context.lifecycle.adopt(actorOf(call), { ...params, ...body })
    const { version, parity, notes } = adoption
    return { recordId: version.id, parity, notes: [...notes] }
  },
}
