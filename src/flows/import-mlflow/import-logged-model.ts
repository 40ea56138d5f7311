import type { LoggedModel, MetricPoint } from '../../platform/tracking/index.ts'
import { copyFiles } from './copy-files.ts'
import { attempt, type ImportWork, ifFound } from './import-context.ts'
import { logPoints, POINTS_PER_BATCH } from './import-run.ts'
import { pointText } from './metric-digest.ts'
import type { SourceLoggedModel } from './source-records.ts'

const PARAMETERS_AT_ONCE = 100

/** Brings a logged model over with its files; its metrics follow, once all runs are here. */
export async function importLoggedModel(
  work: ImportWork,
  model: SourceLoggedModel,
  experimentId: string,
): Promise<void> {
  const { tracking, by, tally } = work
  const { id, artifactUri } = model
  const what = `logged-model/${id}`
  tally.add('loggedModels')
  const here = await attempt(work, what, () => ensureModel(work, model, experimentId))
  if (here === undefined) return
  await attempt(work, what, () => bringTexts(work, model, here))
  await copyFiles(work, { kind: 'logged-model', id, artifactUri }, here.artifactUri)
  if (here.status === model.status) return
  await attempt(work, what, () => tracking.finalizeLoggedModel(by, id, model.status))
  tally.add('changes')
}

async function ensureModel(
  { tracking, by, tally }: ImportWork,
  model: SourceLoggedModel,
  experimentId: string,
): Promise<LoggedModel> {
  const { id, name, modelType, sourceRunId, createdAtMs } = model
  const here = await ifFound('LOGGED_MODEL_NOT_FOUND', () => tracking.loggedModel(id))
  if (here !== undefined) return here
  tally.add('changes')
  const given = { id, experimentId, name, modelType, createdAtMs }
  return tracking.createLoggedModel(by, { ...given, sourceRunId: sourceRunId ?? undefined })
}

async function bringTexts(
  { tracking, by, tally }: ImportWork,
  model: SourceLoggedModel,
  here: LoggedModel,
): Promise<void> {
  const stored = new Map(here.parameters.map(({ key, value }) => [key, value]))
  const parameters = model.parameters.filter(({ key, value }) => stored.get(key) !== value)
  for (let start = 0; start < parameters.length; start += PARAMETERS_AT_ONCE) {
    const some = parameters.slice(start, start + PARAMETERS_AT_ONCE)
    await tracking.logLoggedModelParameters(by, model.id, some)
    tally.add('changes')
  }
  const tags = Object.entries(model.tags).filter(([key, value]) => here.tags[key] !== value)
  if (tags.length === 0) return
  await tracking.setLoggedModelTags(by, model.id, Object.fromEntries(tags))
  tally.add('changes')
}

/** Metrics that belong to a model: they were logged to runs, of this or another experiment. */
export async function importModelMetrics(
  work: ImportWork,
  model: SourceLoggedModel,
): Promise<void> {
  await attempt(work, `metrics of logged-model/${model.id}`, async () => {
    const here = await work.tracking.loggedModel(model.id)
    const known = new Set(here.metrics.map(metricText))
    const missing = new Map<string, MetricPoint[]>()
    for (const { runId, datasetName, datasetDigest, ...point } of model.metrics) {
      const dataset = {
        datasetName: datasetName ?? undefined,
        datasetDigest: datasetDigest ?? undefined,
      }
      const metric = { ...point, ...dataset, modelId: model.id }
      if (known.has(metricText({ ...metric, runId }))) continue
      const ofRun = missing.get(runId)
      if (ofRun) ofRun.push(metric)
      else missing.set(runId, [metric])
    }
    for (const [runId, metrics] of missing)
      for (let start = 0; start < metrics.length; start += POINTS_PER_BATCH)
        await logPoints(work, runId, metrics.slice(start, start + POINTS_PER_BATCH))
  })
}

function metricText(metric: MetricPoint & { readonly runId: string }): string {
  const { key, runId, datasetName = '', datasetDigest = '' } = metric
  return JSON.stringify([key, pointText(metric), runId, datasetName, datasetDigest])
}
