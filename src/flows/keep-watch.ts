import { hostname } from 'node:os'
import { createLeases, createScheduler, type Job } from '../platform/orchestration/index.ts'
import { CLOCKS_DIFFER_MS, endpointName } from '../stages/deployment/index.ts'
import { isLookNeeded, type LookFacts, type LookNews, lookAtEndpoint } from './look-at-endpoint.ts'
import type { Platform } from './platform.ts'
import type { ErrorCounts } from './rollout/index.ts'
import type { GatewayMeasurements } from './watch.ts'

/** The gateway as the watch sees it: what it counted, and how it is told of a change. */
export interface WatchedGateway {
  errorsByVersion(): ErrorCounts
  resources(): GatewayMeasurements['resources']
  reload(): Promise<void>
}

/** What whoever takes a look is given. */
export interface LookParts {
  /** Asked when the look begins, so that nothing is judged by figures of before. */
  facts(): LookFacts
  /** To be told of what came of the look, as it happens. */
  tell(news: LookNews): Promise<void>
  /** The watch is stopped, or another server has taken it over. */
  readonly signal: AbortSignal
}

export type TakeLook = (parts: LookParts) => Promise<void>

export interface KeepWatchOptions {
  readonly gateway: WatchedGateway
  /** Takes a look that finds something to do. @default in this process */
  readonly takeLook?: TakeLook
  /** How often to look, in milliseconds; the first time so long after the watch was ever begun. */
  readonly everyMs: number
  /** A look that failed; the next one tries again. */
  readonly onFailure: (error: unknown) => void
}

/** The gateway counts from its start; a step of a rollout and a window each want what came since. */
function createMeter(gateway: WatchedGateway) {
  let before: ErrorCounts = {}
  return {
    since(): ErrorCounts {
      return Object.fromEntries(
        Object.entries(gateway.errorsByVersion()).map(([version, errors]) => [
          version,
          errors - (before[Number(version)] ?? 0),
        ]),
      )
    },
    reset(): void {
      before = gateway.errorsByVersion()
    },
  }
}

/** Tells of a clock that was set, or stood still with the machine, between two looks. */
function createClockWatch(sinceStart: () => number) {
  let before: { readonly wallMs: number; readonly spentMs: number } | undefined
  return {
    wasSet(wallMs: number): boolean {
      const last = before
      const spentMs = sinceStart()
      before = { wallMs, spentMs }
      if (last === undefined) return false
      return Math.abs(wallMs - last.wallMs - (spentMs - last.spentMs)) > CLOCKS_DIFFER_MS
    },
  }
}

/**
 * Closes the loop beside a running gateway: judges a canary, watches windows as they end, and
 * carries out decisions to retrain. Of several servers one does it at a time. What must be remembered
 * between two looks is here, with whoever counts: a look itself remembers nothing, so it may be taken
 * by a process that ends with it.
 * @param sinceStart milliseconds of a clock that nobody sets; @default performance.now
 */
export function watchJob(
  platform: Platform,
  { gateway, everyMs, takeLook = lookHere(platform) }: Omit<KeepWatchOptions, 'onFailure'>,
  sinceStart: () => number = () => performance.now(),
): Job {
  const { project, clock } = platform
  const clockWatch = createClockWatch(sinceStart)
  const step = createMeter(gateway)
  const window = createMeter(gateway)
  const hear = async (news: LookNews) => {
    if (news === 'window-ended') return window.reset()
    if (news === 'endpoint-changed') await gateway.reload()
    step.reset()
  }
  return {
    name: `watch/${project.name}/${endpointName(project)}`,
    everyMs,
    async run(signal) {
      const nowMs = clock.now()
      const wasClockSet = clockWatch.wasSet(nowMs)
      if (!(await isLookNeeded(platform, nowMs))) return
      const facts = (): LookFacts => ({
        nowMs: clock.now(),
        wasClockSet,
        stepErrors: step.since(),
        windowErrors: Object.values(window.since()).reduce((a, b) => a + b, 0),
        resources: gateway.resources(),
      })
      await takeLook({ facts, tell: hear, signal })
    },
  }
}

function lookHere(platform: Platform): TakeLook {
  return ({ facts, tell }) => lookAtEndpoint(platform, facts(), tell)
}

/** Runs `watchJob` beside this process's work until it is stopped; a look under way is waited for. */
export function keepWatch(
  platform: Platform,
  options: KeepWatchOptions,
): { stop(): Promise<void> } {
  const { database, clock } = platform
  const scheduler = createScheduler({
    database,
    leases: createLeases(database, { owner: `${hostname()}/${process.pid}`, clock }),
    clock,
    jobs: [watchJob(platform, options)],
    onFailure: options.onFailure,
  })
  scheduler.start()
  return scheduler
}
