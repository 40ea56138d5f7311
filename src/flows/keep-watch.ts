import { hostname } from 'node:os'
import { createLeases, createScheduler, type Job } from '../platform/orchestration/index.ts'
import { beganAnew, CLOCKS_DIFFER_MS, endpointName } from '../stages/deployment/index.ts'
import { advanceRollout, restartStep } from './advance-rollout.ts'
import type { Platform } from './platform.ts'
import { retrainIfPending } from './retrain.ts'
import type { ErrorCounts } from './rollout/index.ts'
import { type GatewayMeasurements, watchNext } from './watch.ts'

/** The gateway as the watch sees it: what it counted, and how it is told of a change. */
export interface WatchedGateway {
  errorsByVersion(): ErrorCounts
  resources(): GatewayMeasurements['resources']
  reload(): Promise<void>
}

export interface KeepWatchOptions {
  readonly gateway: WatchedGateway
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

interface Meters {
  readonly clock: ReturnType<typeof createClockWatch>
  readonly step: ReturnType<typeof createMeter>
  readonly window: ReturnType<typeof createMeter>
}

async function look(platform: Platform, gateway: WatchedGateway, meters: Meters): Promise<void> {
  const nowMs = platform.clock.now()
  const decision = meters.clock.wasSet(nowMs)
    ? await restartStep(platform, nowMs)
    : await advanceRollout(platform, nowMs, meters.step.since())
  if (decision !== null && beganAnew(decision)) meters.step.reset()
  const errors = Object.values(meters.window.since()).reduce((a, b) => a + b, 0)
  const measured = { errors, resources: gateway.resources(), wallClockMs: null }
  // Windows that passed while nobody looked are judged one by one; the errors count to the last.
  while ((await watchNext(platform, nowMs, measured)) !== undefined) meters.window.reset()
  const outcome = await retrainIfPending(platform)
  if (outcome !== undefined || (decision !== null && decision.action !== 'wait')) {
    await gateway.reload()
    meters.step.reset()
  }
}

/**
 * Closes the loop beside a running gateway: judges a canary, watches windows as they end, and
 * carries out decisions to retrain. Of several servers one does it at a time.
 * @param sinceStart milliseconds of a clock that nobody sets; @default performance.now
 */
export function watchJob(
  platform: Platform,
  { gateway, everyMs }: Pick<KeepWatchOptions, 'gateway' | 'everyMs'>,
  sinceStart: () => number = () => performance.now(),
): Job {
  const meters = {
    clock: createClockWatch(sinceStart),
    step: createMeter(gateway),
    window: createMeter(gateway),
  }
  const { project } = platform
  return {
    name: `watch/${project.name}/${endpointName(project)}`,
    everyMs,
    run: () => look(platform, gateway, meters),
  }
}

/** Runs `watchJob` in this process until it is stopped; a look under way is waited for. */
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
