import { importVersion, type RegisteredModel } from '../../stages/registry/catalog/index.ts'
import { importErrors } from './errors.ts'
import {
  attempt,
  type ImportContext,
  type ImportWork,
  ifFound,
  ORIGIN_TAG,
} from './import-context.ts'
import type { SourceModel, SourceVersion } from './source-records.ts'

/** @throws IMPORT_NAME_TAKEN before anything is written */
export async function checkModelName(context: ImportContext, model: SourceModel): Promise<void> {
  const name = `${context.renamePrefix}${model.name}`
  const here = await context.catalog.findModel(name)
  if (here === undefined || here.tags[ORIGIN_TAG] === context.source.place) return
  const prefixed = `imported-${model.name}`
  throw importErrors.IMPORT_NAME_TAKEN({ what: 'a registered model', name, prefixed })
}

/** Brings a registered model over: versions under their numbers, stages, tags, aliases. */
export async function importModel(work: ImportWork, model: SourceModel): Promise<void> {
  const name = `${work.renamePrefix}${model.name}`
  const what = `model/${name}`
  work.tally.add('models')
  const here = await attempt(work, what, () => ensureModel(work, model, name))
  if (here === undefined) return
  for (const version of model.versions.toSorted((a, b) => a.version - b.version)) {
    work.tally.add('versions')
    await attempt(work, `${what}/version/${version.version}`, () =>
      bringVersion(work, name, version),
    )
  }
  for (const { alias, version } of model.aliases)
    await attempt(work, `${what}/alias/${alias}`, async () => {
      const { aliases } = here
      if (aliases.some((one) => one.alias === alias && one.version === version)) return
      const reason = `imported from ${work.source.place}`
      await work.catalog.setAlias(work.by, { model: name, alias, version, reason })
      work.tally.add('changes')
    })
}

async function ensureModel(
  { catalog, by, project, source, tally }: ImportWork,
  model: SourceModel,
  name: string,
): Promise<RegisteredModel> {
  const { description, createdAtMs } = model
  const tags = { ...model.tags, [ORIGIN_TAG]: source.place }
  const here = await catalog.findModel(name)
  if (here === undefined) {
    tally.add('changes')
    return catalog.createModel(by, { name, project, description, tags, createdAtMs })
  }
  for (const [key, value] of Object.entries(tags)) {
    if (here.tags[key] === value) continue
    await catalog.setModelTag(by, name, key, value)
    tally.add('changes')
  }
  if (here.description !== description) {
    await catalog.describeModel(by, name, description)
    tally.add('changes')
  }
  return here
}

async function bringVersion(
  work: ImportWork,
  model: string,
  version: SourceVersion,
): Promise<void> {
  const { database, by, clock, listener, tally, source } = work
  const place = await placeHere(work, version)
  const { runId, runLink, modelId, ...rest } = version
  const changed = await importVersion(database, {
    by,
    nowMs: clock.now(),
    listener,
    given: {
      ...rest,
      ...place,
      model,
      runId: runId ?? undefined,
      runLink: runLink ?? undefined,
      modelId: modelId ?? undefined,
      reason: `imported from ${source.place}`,
    },
  })
  if (changed) tally.add('changes')
}

interface VersionPlace {
  readonly source: string
  readonly artifactUri: string
}

/** Where a version's files are here: with its logged model or its run, when the source had them there. */
async function placeHere(
  { tracking, source, tally }: ImportWork,
  version: SourceVersion,
): Promise<VersionPlace> {
  const { modelId, runId } = version
  if (modelId !== null) {
    const model = await tracking.loggedModel(modelId)
    return { source: version.source, artifactUri: model.artifactUri }
  }
  if (runId !== null) {
    const run = await ifFound('RUN_NOT_FOUND', () => tracking.run(runId))
    const within = run && pathWithin(version.source, runId)
    if (run && within !== undefined) {
      const artifactUri = `${run.artifactUri}${within}`
      const isRunUri = version.source.startsWith('runs:/')
      return { source: isRunUri ? version.source : artifactUri, artifactUri }
    }
  }
  const reason = `its files (${version.source}) belong to no run or logged model; they were not copied`
  tally.note(`version ${version.version} from ${source.place}: ${reason}`)
  return { source: version.source, artifactUri: version.source }
}

/** `/model` of `…/<run>/artifacts/model` or of `runs:/<run>/model`. */
function pathWithin(source: string, runId: string): string | undefined {
  const parts = [`runs:/${runId}`, `/${runId}/artifacts`]
  for (const part of parts) {
    const at = source.indexOf(part)
    const rest = source.slice(at + part.length)
    if (at >= 0 && (rest === '' || rest.startsWith('/'))) return rest.replace(/\/+$/, '')
  }
  return undefined
}
