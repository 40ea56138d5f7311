import type { ModelVersion, MonitorWindow, RetrainingDecision } from '../core/records/index.ts'
import { durationMs, isoTime } from '../core/time/index.ts'
import { challengerOf, endpointName } from '../stages/deployment/index.ts'
import { watchWindow } from '../stages/monitoring/index.ts'
import { findVersion } from '../stages/registry/index.ts'
import { judgeRetraining } from '../stages/retraining/index.ts'
import { flowErrors } from './errors.ts'
import type { Platform } from './platform.ts'
import { readEndpoint } from './roll-out.ts'

/** What is remembered between two looks at an endpoint. */
export interface WatchState {
  /** Where the next window begins, in milliseconds. */
  readonly nextFromMs: number
  readonly lastRetrainingAtMs: number | null
  /** A decision to retrain that has not been carried out yet. */
  readonly pending: string | null
}

/** Measured at the gateway while a window passed; null when nobody measured. */
export interface GatewayMeasurements {
  readonly errors: number
  readonly resources: MonitorWindow['resources']
  /** Wall-clock time of the window's requests, for the throughput. */
  readonly wallClockMs: number | null
}

export interface Watched {
  readonly window: MonitorWindow
  readonly decision: RetrainingDecision
}

export function watchStateName(endpoint: string): string {
  return `watch/${endpoint}`
}

export function readWatch(platform: Platform) {
  return platform.store.readState<WatchState>(watchStateName(endpointName(platform.project)))
}

/** Windows of one version at one endpoint, the newest last. */
export async function windowsOf(platform: Platform, version: number): Promise<MonitorWindow[]> {
  const endpoint = endpointName(platform.project)
  const stored = await platform.store.list('monitor-window', { limit: 10_000 })
  return stored
    .map(({ record }) => record)
    .filter((window) => window.endpoint === endpoint && window.version === version)
    .sort((a, b) => a.from.localeCompare(b.from))
}

/** The gap between predicted and observed positive share on the test rows. */
async function baselineCalibrationGap(
  platform: Platform,
  version: ModelVersion,
): Promise<number | null> {
  const evaluation = await platform.store.get('evaluation', version.lineage.evaluation ?? '')
  const bins = evaluation?.curves?.calibration ?? []
  const rows = bins.reduce((sum, bin) => sum + bin.rows, 0)
  if (rows === 0) return null
  return bins.reduce((sum, bin) => sum + (bin.predicted - bin.observed) * bin.rows, 0) / rows
}

async function judge(
  platform: Platform,
  version: ModelVersion,
  window: MonitorWindow,
  beside: { readonly last: number | null; readonly challenger: number | null },
) {
  const [windows, gap] = await Promise.all([
    windowsOf(platform, version.version),
    baselineCalibrationGap(platform, version),
  ])
  return judgeRetraining({
    policy: platform.project.retraining,
    endpoint: window.endpoint,
    windows: [...windows.filter((w) => w.id !== window.id), window],
    version: version.version,
    baselineMetrics: version.metrics,
    baselineCalibrationGap: gap,
    lastTrainedAtMs: Date.parse(version.asOf ?? version.createdAt),
    lastRetrainingAtMs: beside.last,
    challenger: beside.challenger,
    nowMs: Date.parse(window.to),
    minLabels: platform.project.monitoring.minRows,
  })
}

/**
 * Stages 12 and 13: the next window that is over at `nowMs`, watched and judged; undefined when
 * none is. Window, decision and the new state are stored together, so a window is judged once.
 */
export async function watchNext(
  platform: Platform,
  nowMs: number,
  measured: GatewayMeasurements,
): Promise<Watched | undefined> {
  const { project, store, log } = platform
  const endpoint = endpointName(project)
  const { value: state } = await readEndpoint(store, endpoint)
  if (state === undefined) throw flowErrors.NOTHING_DEPLOYED({ endpoint })
  const watch = await readWatch(platform)
  const fromMs = watch.value?.nextFromMs ?? Date.parse(state.updatedAt)
  const toMs = fromMs + durationMs(project.monitoring.window)
  if (toMs > nowMs) {
    if (watch.value === undefined) {
      const first: WatchState = { nextFromMs: fromMs, lastRetrainingAtMs: null, pending: null }
      await store.writeState(watchStateName(endpoint), first, watch.revision)
    }
    return undefined
  }
  const version = await findVersion({ store, model: project.name, version: state.stable })
  const evaluation = await store.get('evaluation', version.lineage.evaluation ?? '')
  const window = watchWindow({
    endpoint,
    version: state.stable,
    from: isoTime(fromMs),
    to: isoTime(toMs),
    entries: await log.window({ endpoint, fromMs, toMs, labelsKnownByMs: toMs }),
    reference: version.reference,
    problem: project.problem,
    threshold: version.threshold ?? evaluation?.threshold ?? null,
    classes: version.signature.classes,
    positiveClass: version.signature.positiveClass,
    policy: project.monitoring,
    ...measured,
  })
  const lastRetrainingAtMs = watch.value?.lastRetrainingAtMs ?? null
  const challenger = challengerOf(state)?.version ?? null
  const decision = await judge(platform, version, window, { last: lastRetrainingAtMs, challenger })
  const retrain = decision.outcome === 'retrain'
  const next: WatchState = {
    nextFromMs: toMs,
    lastRetrainingAtMs: retrain ? toMs : lastRetrainingAtMs,
    // A decision that nobody has carried out yet outlives the windows that are caught up after it.
    pending: retrain ? decision.id : (watch.value?.pending ?? null),
  }
  await store.transaction(async (inner) => {
    await inner.put('monitor-window', window.id, window)
    await inner.put('retraining-decision', decision.id, decision)
    await inner.writeState(watchStateName(endpoint), next, watch.revision)
  })
  return { window, decision }
}
