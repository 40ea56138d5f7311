import { digestOfValue } from '../../core/identity/index.ts'
import type { RetrainingOutcome, RolloutDecision, Stage } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import { acquireProjectLock } from '../../platform/storage/index.ts'
import { endpointName } from '../../stages/deployment/index.ts'
import { publishOnline } from '../../stages/features/index.ts'
import { advanceRollout } from '../advance-rollout.ts'
import { flowErrors } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { retrainIfPending } from '../retrain.ts'
import { readEndpoint } from '../roll-out.ts'
import type { ErrorCounts } from '../rollout/index.ts'
import { type Watched, watchNext } from '../watch.ts'
import { createGatewayClient, type GatewayClient } from './gateway-client.ts'
import type { StartGateway } from './gateway-port.ts'
import { type History, openHistory } from './history.ts'
import { replayDay } from './replay-day.ts'

const DAY_MS = 86_400_000

interface ReplayState {
  readonly key: string
  readonly nextMs: number
  readonly requests: number
  /**
   * Everything before `nextMs` was sent, and its last day is not judged yet. Judging again is
   * harmless; sending that day's requests again would show them to a rollout that began after them.
   */
  readonly isUnsettled?: boolean
}

export interface ReplaySummary {
  readonly from: string
  readonly until: string
  readonly days: number
  readonly requests: number
  readonly windows: number
  readonly retrainings: number
  /** True when everything had been replayed before. */
  readonly cached: boolean
}

export interface ReplayOptions {
  readonly startGateway: StartGateway
  /** Start and end in milliseconds; the project's `replay` when absent. */
  readonly fromMs?: number
  readonly untilMs?: number
}

interface Travel {
  readonly platform: Platform
  readonly history: History
  readonly client: GatewayClient
  readonly fromMs: number
  readonly untilMs: number
}

function stateName(endpoint: string): string {
  return `replay/${endpoint}`
}

/** Errors by version since the last step of a rollout, from the gateway's running counts. */
function createErrorMeter(client: GatewayClient) {
  let before: ErrorCounts = {}
  const read = async (): Promise<ErrorCounts> => {
    const { versions } = await client.statistics()
    return Object.fromEntries(
      Object.entries(versions).map(([version, counts]) => [version, counts.errors]),
    )
  }
  return {
    async since(): Promise<ErrorCounts> {
      const now = await read()
      return Object.fromEntries(
        Object.entries(now).map(([version, errors]) => [
          version,
          errors - (before[Number(version)] ?? 0),
        ]),
      )
    },
    async reset(): Promise<void> {
      before = await read()
    },
  }
}

function note(platform: Platform, stage: Stage, message: string): void {
  platform.onProgress({ kind: 'note', stage, message, atMs: platform.clock.now() })
}

function windowLine({ window, decision }: Watched): string {
  const drifted = window.drift.filter(({ level }) => level === 'alert').length
  const worth =
    window.valuePerDecision === null
      ? ''
      : `, value ${window.valuePerDecision.toFixed(2)} a decision`
  const days = `${window.from.slice(0, 10)} to ${window.to.slice(0, 10)}`
  return `${days}: version ${window.version}, ${window.predictions} predictions, ${drifted} inputs drift${worth}: ${decision.outcome}`
}

function rolloutLine(decision: RolloutDecision, atMs: number): string {
  const { action, version, percent } = decision
  return `${isoTime(atMs).slice(0, 10)}: ${action}, version ${version} at ${percent} %`
}

/** A rollout's step and a window each want the errors since their own beginning. */
interface Meters {
  readonly step: ReturnType<typeof createErrorMeter>
  readonly window: ReturnType<typeof createErrorMeter>
}

async function settleDay(travel: Travel, dayEndMs: number, meters: Meters, wallClockMs: number) {
  const { platform, client } = travel
  const decision = await advanceRollout(platform, dayEndMs, await meters.step.since())
  if (decision !== null && decision.action !== 'wait') {
    await client.reload()
    await meters.step.reset()
    note(platform, 'deployment', rolloutLine(decision, dayEndMs))
  }
  const failed = Object.values(await meters.window.since()).reduce((sum, n) => sum + n, 0)
  const measured = { ...(await client.measurements(wallClockMs)), errors: failed }
  const outcomes: RetrainingOutcome[] = []
  let windows = 0
  while (true) {
    const watched = await watchNext(platform, dayEndMs, measured)
    if (watched === undefined) break
    windows++
    note(platform, 'monitoring', windowLine(watched))
    const outcome = await retrainIfPending(platform)
    if (outcome !== undefined) outcomes.push(outcome)
  }
  if (outcomes.length > 0) {
    await republish(travel, dayEndMs)
    await client.reload()
    await meters.step.reset()
  }
  if (windows > 0) await meters.window.reset()
  return { windows, outcomes }
}

/** Online features exactly as they were known at an instant; also after an interruption. */
async function republish({ platform, history }: Travel, asOfMs: number): Promise<void> {
  const { project, artifacts, engine, online } = platform
  for (const [name, table] of Object.entries(history.tables)) {
    const view = project.featureViews[name]
    if (!view?.online) continue
    await online.clear(name)
    await publishOnline({ table, view, artifacts, engine, online, asOfMs })
  }
}

async function travelDays(
  travel: Travel,
  state: ReplayState,
  revision: number,
): Promise<ReplayState & { windows: number }> {
  const { platform, client, fromMs, untilMs } = travel
  const endpoint = endpointName(platform.project)
  const meters = { step: createErrorMeter(client), window: createErrorMeter(client) }
  await republish(travel, state.nextMs)
  await client.reload()
  const pending = await retrainIfPending(platform)
  if (pending !== undefined) {
    await republish(travel, state.nextMs)
    await client.reload()
  }
  await meters.step.reset()
  let current = state
  let currentRevision = revision
  let windows = 0
  let started = performance.now()
  const keep = async (next: ReplayState) => {
    currentRevision = await platform.store.writeState(stateName(endpoint), next, currentRevision)
    current = next
  }
  const settle = async () => {
    const settled = await settleDay(travel, current.nextMs, meters, performance.now() - started)
    if (settled.windows > 0) started = performance.now()
    windows += settled.windows
    const { key, nextMs, requests } = current
    await keep({ key, nextMs, requests })
  }
  if (current.isUnsettled) await settle()
  for (let day = current.nextMs; day < untilMs; day += DAY_MS) {
    const toMs = Math.min(day + DAY_MS, untilMs)
    announceDay(travel, day)
    const sent = await replayDay(platform, travel, { fromMs: day, toMs })
    await client.sendLabels(await travel.history.labels(day, toMs, fromMs))
    const requests = current.requests + sent
    await keep({ key: current.key, nextMs: toMs, requests, isUnsettled: true })
    await settle()
  }
  return { ...current, windows }
}

function announceDay({ platform, fromMs, untilMs }: Travel, day: number): void {
  platform.onProgress({
    kind: 'step-progress',
    stage: 'monitoring',
    name: 'replay',
    share: (day - fromMs) / (untilMs - fromMs),
    message: isoTime(day).slice(0, 10),
    atMs: platform.clock.now(),
  })
}

async function summarize(
  { store, project }: Platform,
  travelled: {
    readonly span: { readonly fromMs: number; readonly untilMs: number }
    readonly end: ReplayState
    readonly cached: boolean
  },
): Promise<ReplaySummary> {
  const { span, end, cached } = travelled
  const [windows, retrainings] = await Promise.all([
    store.list('monitor-window', { limit: 10_000 }),
    store.list('retraining-outcome'),
  ])
  return {
    from: isoTime(span.fromMs),
    until: isoTime(span.untilMs),
    days: Math.round((span.untilMs - span.fromMs) / DAY_MS),
    requests: end.requests,
    windows: windows.filter(({ record }) => record.endpoint === endpointName(project)).length,
    retrainings: retrainings.length,
    cached,
  }
}

/**
 * Sends history to the gateway as if it happened now: requests at their time, features as they
 * became known, labels when they were known; watches, judges, retrains and rolls out on the way.
 * Goes on from the last finished day after an interruption.
 */
export async function replay(platform: Platform, options: ReplayOptions): Promise<ReplaySummary> {
  const { project, store, onProgress, clock } = platform
  const endpoint = endpointName(project)
  if ((await readEndpoint(store, endpoint)).value === undefined)
    throw flowErrors.NOTHING_DEPLOYED({ endpoint })
  const declared = project.replay
  const fromMs = options.fromMs ?? (declared && Date.parse(declared.from))
  const untilMs = options.untilMs ?? (declared && Date.parse(declared.until))
  if (fromMs === undefined || untilMs === undefined)
    throw flowErrors.REPLAY_NOT_DECLARED({ missing: 'replay' })
  const history = await openHistory(platform, untilMs)
  const key = digestOfValue({
    project: platform.projectDigest,
    history: history.dataset.table.digest,
    fromMs,
  })
  const { revision, value } = await store.readState<ReplayState>(stateName(endpoint))
  if (value !== undefined && value.key !== key) throw flowErrors.REPLAY_CHANGED({ endpoint })
  const state = value ?? { key, nextMs: fromMs, requests: 0 }
  const span = { fromMs, untilMs }
  if (state.nextMs >= untilMs && !state.isUnsettled)
    return summarize(platform, { span, end: state, cached: true })
  const started = clock.now()
  onProgress({ kind: 'step-started', stage: 'monitoring', name: 'replay', atMs: started })
  const lock = acquireProjectLock({ folder: platform.folder, purpose: 'esteira replay' })
  const gateway = await options.startGateway().catch((error: unknown) => {
    lock.release()
    throw error
  })
  const client = createGatewayClient({
    address: gateway.address,
    endpoint,
    connections: declared?.concurrency ?? 16,
    kinds: history.kinds,
  })
  try {
    const end = await travelDays({ platform, history, client, fromMs, untilMs }, state, revision)
    const durationMs = clock.now() - started
    onProgress({
      kind: 'step-finished',
      stage: 'monitoring',
      name: 'replay',
      cached: false,
      durationMs,
      atMs: clock.now(),
    })
    return await summarize(platform, { span, end, cached: false })
  } finally {
    await client.close()
    await gateway.close()
    lock.release()
  }
}
