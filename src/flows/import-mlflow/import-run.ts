import { isPlatformError } from '../../core/errors/index.ts'
import type { LogBatch, MetricPoint, Run } from '../../platform/tracking/index.ts'
import { copyFiles } from './copy-files.ts'
import { importErrors } from './errors.ts'
import { attempt, type ImportWork, ifFound, writing } from './import-context.ts'
import { digestOfTexts, metricDigest, pointText } from './metric-digest.ts'
import type { SourceRun } from './source-records.ts'

export const POINTS_PER_BATCH = 1_000
const TEXTS_PER_BATCH = 100

/** What the source has of a run, to compare with what is here at the end; little, for there are many. */
export interface RunFacts {
  readonly id: string
  readonly lifecycle: SourceRun['lifecycle']
  readonly points: number
  /** Of all its metrics. */
  readonly digest: string
}

export interface RunTarget {
  readonly run: SourceRun
  readonly experimentId: string
}

/** Brings a run over with everything logged to it, or what is missing of it here. */
export async function importRun(work: ImportWork, target: RunTarget): Promise<RunFacts> {
  const { run } = target
  const what = `run/${run.id}`
  work.tally.add('runs')
  const here = await attempt(work, what, () => ensureRun(work, target))
  if (here !== undefined) {
    await bringTexts(work, run, here)
    await bringLinks(work, run, here)
  }
  const facts = await bringMetrics(work, run, here)
  if (here !== undefined) {
    const { id, artifactUri } = run
    await copyFiles(work, { kind: 'run', id, artifactUri }, here.artifactUri)
    await attempt(work, what, () => settleRun(work, run, here))
  }
  return facts
}

async function ensureRun(work: ImportWork, { run, experimentId }: RunTarget): Promise<Run> {
  const { tracking, by, tally } = work
  const here = await ifFound('RUN_NOT_FOUND', () => tracking.run(run.id))
  if (here !== undefined) {
    if (here.experimentId === experimentId) return here
    const reason = `a run with this id is in experiment ${here.experimentId} here already`
    const what = `run ${run.id}`
    throw importErrors.IMPORT_ANSWER_INVALID({ place: work.source.place, what, reason })
  }
  const { id, name, user, startedAtMs } = run
  const given = { experimentId, id, name, user, startedAtMs: startedAtMs ?? 0 }
  tally.add('changes')
  try {
    return await tracking.createRun(by, given)
  } catch (error) {
    if (!isPlatformError(error, 'EXPERIMENT_NOT_ACTIVE')) throw error
    await tracking.setExperimentLifecycle(by, experimentId, 'active')
    return tracking.createRun(by, given)
  }
}

async function bringTexts(work: ImportWork, run: SourceRun, here: Run): Promise<void> {
  const stored = new Map(here.parameters.map(({ key, value }) => [key, value]))
  const parameters = run.parameters.filter(({ key, value }) => stored.get(key) !== value)
  const tags = Object.entries(run.tags).filter(([key, value]) => here.tags[key] !== value)
  const steps = Math.max(parameters.length, tags.length)
  for (let start = 0; start < steps; start += TEXTS_PER_BATCH)
    await log(work, run.id, {
      metrics: [],
      parameters: parameters.slice(start, start + TEXTS_PER_BATCH),
      tags: Object.fromEntries(tags.slice(start, start + TEXTS_PER_BATCH)),
    })
}

async function bringLinks(work: ImportWork, run: SourceRun, here: Run): Promise<void> {
  const { tracking, by, tally } = work
  const named = new Set(here.datasets.map(({ name, digest }) => JSON.stringify([name, digest])))
  const datasets = run.datasets.filter(
    ({ name, digest }) => !named.has(JSON.stringify([name, digest])),
  )
  const inputs = new Set(here.modelInputs.map(({ modelId }) => modelId))
  const modelIds = run.modelInputs.filter((id) => !inputs.has(id))
  const outputs = new Set(here.modelOutputs.map(({ modelId }) => modelId))
  const given = run.modelOutputs.filter(({ modelId }) => !outputs.has(modelId))
  await attempt(work, `inputs and outputs of run/${run.id}`, async () => {
    if (datasets.length + modelIds.length > 0) {
      await writing(work, run.id, () => tracking.logInputs(by, run.id, { datasets, modelIds }))
      tally.add('changes')
    }
    if (given.length > 0) {
      await writing(work, run.id, () => tracking.logOutputs(by, run.id, given))
      tally.add('changes')
    }
  })
}

async function bringMetrics(
  work: ImportWork,
  run: SourceRun,
  here: Run | undefined,
): Promise<RunFacts> {
  const known = new Set(here?.metrics.map(({ key }) => key))
  const digests: string[] = []
  let points = 0
  let waiting: MetricPoint[] = []
  for (const key of run.metricKeys) {
    const history = await work.source.metricHistory(run.id, key)
    const byText = new Map(history.map((point) => [pointText(point), { ...point, key }]))
    points += byText.size
    digests.push(`${key} ${metricDigest(byText.keys())}`)
    const stored = known.has(key) ? await textsHere(work, run.id, key) : new Set()
    for (const [text, point] of byText) if (!stored.has(text)) waiting.push(point)
    while (here && waiting.length >= POINTS_PER_BATCH) {
      await logPoints(work, run.id, waiting.slice(0, POINTS_PER_BATCH))
      waiting = waiting.slice(POINTS_PER_BATCH)
    }
  }
  if (here && waiting.length > 0) await logPoints(work, run.id, waiting)
  work.tally.add('points', points)
  const { id, lifecycle } = run
  return { id, lifecycle, points, digest: digestOfTexts(digests) }
}

/** The points of a metric as they are here. */
export async function textsHere(
  { tracking }: Pick<ImportWork, 'tracking'>,
  runId: string,
  key: string,
): Promise<ReadonlySet<string>> {
  const { items } = await tracking.metricHistory({ runId, key })
  return new Set(items.map(pointText))
}

export function logPoints(work: ImportWork, runId: string, metrics: readonly MetricPoint[]) {
  return log(work, runId, { metrics, parameters: [], tags: {} })
}

/** All of a batch, or, when something in it is refused here, everything else in it. */
async function log(work: ImportWork, runId: string, batch: LogBatch): Promise<void> {
  const { tracking, by, tally } = work
  const keep = async (part: LogBatch) => {
    await writing(work, runId, () => tracking.logBatch(by, runId, part))
    tally.add('changes')
  }
  const isKept = await keep(batch).then(
    () => true,
    (error: unknown) => {
      if (isPlatformError(error) && error.blame === 'caller') return false
      throw error
    },
  )
  if (isKept) return
  for (const { what, part } of singles(batch))
    await attempt(work, `${what} of run/${runId}`, () => keep(part))
}

function* singles({ metrics, parameters, tags }: LogBatch) {
  const none: LogBatch = { metrics: [], parameters: [], tags: {} }
  for (const point of metrics)
    yield { what: `metric ${point.key}`, part: { ...none, metrics: [point] } }
  for (const one of parameters)
    yield { what: `parameter ${one.key}`, part: { ...none, parameters: [one] } }
  for (const [key, value] of Object.entries(tags))
    yield { what: `tag ${key}`, part: { ...none, tags: Object.fromEntries([[key, value]]) } }
}

/** Status, end and name, when they are others there. */
async function settleRun(work: ImportWork, run: SourceRun, here: Run): Promise<void> {
  const { status, name } = run
  const endedAtMs = run.endedAtMs ?? undefined
  const isSame =
    here.status === status &&
    (name === '' || here.name === name) &&
    (endedAtMs === undefined || here.endedAtMs === endedAtMs)
  if (isSame) return
  const { tracking, by, tally } = work
  const change = { status, name: name === '' ? undefined : name, endedAtMs }
  await writing(work, run.id, () => tracking.updateRun(by, run.id, change))
  tally.add('changes')
}
