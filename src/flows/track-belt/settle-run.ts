import { isPlatformError } from '../../core/errors/index.ts'
import type { Actor } from '../../platform/database/index.ts'
import type {
  DatasetInput,
  MetricPoint,
  Parameter,
  Run,
  RunStatus,
  Tags,
  TrackingStore,
} from '../../platform/tracking/index.ts'

/** One metric of a run: its points in the order of their steps. */
export interface MetricSeries {
  readonly key: string
  readonly points: readonly {
    readonly step: number
    readonly value: number
    /** Since the run began. */
    readonly afterMs: number
  }[]
}

/** How a run of the tracking store should stand. */
export interface TrackedRun {
  readonly id: string
  readonly experimentId: string
  readonly name: string
  readonly startedAtMs: number
  readonly tags: Tags
  readonly parameters?: readonly Parameter[]
  readonly metrics?: readonly MetricSeries[]
  readonly datasets?: readonly DatasetInput[]
  /** Left as it is when absent; a new run is RUNNING. */
  readonly status?: RunStatus
  /** Since the run began; with a status that ends it. @default until now */
  readonly durationMs?: number
}

export interface SettleOptions {
  readonly store: TrackingStore
  readonly actor: Actor
  readonly nowMs: number
}

/** How many entries of a kind go into a batch; all kinds together stay within its limit. */
const BATCH = { metrics: 800, parameters: 100, tags: 100 } as const

/**
 * Makes a run stand as it should: it is created when missing, and only what is missing or differs is
 * written. So the same call again writes nothing, and one after a crash writes the rest.
 *
 * A run that people deleted stays deleted: false.
 */
export async function settleRun(run: TrackedRun, options: SettleOptions): Promise<boolean> {
  const { store, actor, nowMs } = options
  const known = (await findRun(store, run.id)) ?? (await createRun(run, options))
  if (known.lifecycle === 'deleted') return false
  await logMissing(run, known, options)
  if (run.datasets !== undefined && known.datasets.length < run.datasets.length)
    await store.logInputs(actor, run.id, { datasets: run.datasets, modelIds: [] })
  const { status } = run
  if (status === undefined || status === known.status) return true
  const isOver = status !== 'RUNNING' && status !== 'SCHEDULED'
  const endedAtMs = run.durationMs === undefined ? nowMs : known.startedAtMs + run.durationMs
  await store.updateRun(actor, run.id, {
    status,
    ...(isOver ? { endedAtMs: Math.round(endedAtMs) } : {}),
  })
  return true
}

/** Undefined when there is none. */
export async function findRun(store: TrackingStore, id: string): Promise<Run | undefined> {
  try {
    return await store.run(id)
  } catch (error) {
    if (isPlatformError(error, 'RUN_NOT_FOUND')) return undefined
    throw error
  }
}

function createRun(run: TrackedRun, { store, actor }: SettleOptions): Promise<Run> {
  const { id, experimentId, name, startedAtMs, tags } = run
  return store.createRun(actor, {
    id,
    experimentId,
    name,
    user: actor.name,
    startedAtMs: Math.round(startedAtMs),
    tags,
  })
}

async function logMissing(run: TrackedRun, known: Run, options: SettleOptions): Promise<void> {
  const { store, actor } = options
  const tags = Object.entries(run.tags).filter(
    ([key, value]) => known.tags[key] !== value && !(isMlflows(key) && key in known.tags),
  )
  const logged = new Set(known.parameters.map(({ key }) => key))
  const parameters = (run.parameters ?? []).filter(({ key }) => !logged.has(key))
  const metrics = (run.metrics ?? []).flatMap((series) => missingPoints(series, known, options))
  const batches = Math.max(
    Math.ceil(tags.length / BATCH.tags),
    Math.ceil(parameters.length / BATCH.parameters),
    Math.ceil(metrics.length / BATCH.metrics),
  )
  const part = <T>(items: readonly T[], at: number, size: number) =>
    items.slice(at * size, (at + 1) * size)
  for (let at = 0; at < batches; at++) {
    await store.logBatch(actor, run.id, {
      metrics: part(metrics, at, BATCH.metrics),
      parameters: part(parameters, at, BATCH.parameters),
      tags: Object.fromEntries(part(tags, at, BATCH.tags)),
    })
  }
}

/** MLflow's own tags are said once: a run stays in the run that it was made in, people edit others. */
function isMlflows(key: string): boolean {
  return key.startsWith('mlflow.')
}

/**
 * All points of a series whose last one is not there: those that are there already are no second
 * points, since their times follow from the run's. A single value that changed is logged as of now.
 */
function missingPoints(
  { key, points }: MetricSeries,
  known: Run,
  { nowMs }: SettleOptions,
): MetricPoint[] {
  const last = points.at(-1)
  const latest = known.metrics.find((metric) => metric.key === key)
  if (last === undefined) return []
  if (latest?.step === last.step && Object.is(latest.value, last.value)) return []
  if (latest !== undefined && points.length === 1) {
    const timestampMs = Math.max(Math.round(nowMs), latest.timestampMs + 1)
    return [{ key, value: last.value, step: last.step, timestampMs }]
  }
  return points.map(({ step, value, afterMs }) => {
    return { key, value, step, timestampMs: Math.round(known.startedAtMs + afterMs) }
  })
}
