import { durationMs } from '../core/time/index.ts'
import { beganAnew, challengerOf, endpointName } from '../stages/deployment/index.ts'
import { advanceRollout, restartStep } from './advance-rollout.ts'
import { flowErrors } from './errors.ts'
import type { Platform } from './platform.ts'
import { retrainIfPending } from './retrain.ts'
import { readEndpoint } from './roll-out.ts'
import type { ErrorCounts } from './rollout/index.ts'
import { type GatewayMeasurements, readWatch, watchNext } from './watch.ts'

/** What a look must be told. Plain JSON: looks may be taken by another process. */
export interface LookFacts {
  /** Everything is judged as of then. */
  readonly nowMs: number
  /** Whether the clock was set, or stood still with the machine, since the look before. */
  readonly wasClockSet: boolean
  /** Errors by version since the rollout's step began. */
  readonly stepErrors: ErrorCounts
  /** Errors of all versions since the last window ended. */
  readonly windowErrors: number
  /** Of what answers, itself; null when nobody measured. */
  readonly resources: GatewayMeasurements['resources']
}

/** Told as it happens, since whoever counts errors begins anew then. */
export type LookNews = 'step-began-anew' | 'window-ended' | 'endpoint-changed'

/**
 * Whether a look would find anything: a rollout under way, a window that is over, a decision to
 * retrain. Two small reads, so that asking costs nothing beside answering requests.
 * @throws NOTHING_DEPLOYED
 */
export async function isLookNeeded(platform: Platform, nowMs: number): Promise<boolean> {
  const { project, store } = platform
  const endpoint = endpointName(project)
  const { value: state } = await readEndpoint(store, endpoint)
  if (state === undefined) throw flowErrors.NOTHING_DEPLOYED({ endpoint })
  const { value: watch } = await readWatch(platform)
  // Without a state of the watch nobody has said yet where the first window begins.
  if (challengerOf(state) !== null || watch === undefined || watch.pending !== null) return true
  return watch.nextFromMs + durationMs(project.monitoring.window) <= nowMs
}

/** One look at the endpoint: judges its rollout, watches windows that are over, retrains if decided. */
export async function lookAtEndpoint(
  platform: Platform,
  facts: LookFacts,
  tell: (news: LookNews) => Promise<void>,
): Promise<void> {
  const { nowMs, wasClockSet, stepErrors, windowErrors, resources } = facts
  const decision = wasClockSet
    ? await restartStep(platform, nowMs)
    : await advanceRollout(platform, nowMs, stepErrors)
  if (decision !== null && beganAnew(decision)) await tell('step-began-anew')
  const measured = { errors: windowErrors, resources, wallClockMs: null }
  // Windows that passed while nobody looked are judged one by one; the errors count to the last.
  while ((await watchNext(platform, nowMs, measured)) !== undefined) {
    await tell('window-ended')
    platform.signal.throwIfAborted()
  }
  const outcome = await retrainIfPending(platform)
  if (outcome !== undefined || (decision !== null && decision.action !== 'wait')) {
    await tell('endpoint-changed')
  }
}
