import type { EndpointState, Reason } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import { type RolloutStep, rolloutStep } from './rollout-step.ts'

export interface Grounds {
  readonly reasons: Reason[]
  readonly nowMs: number
}

/** The state without anything under way. */
function settled(state: EndpointState, nowMs: number): EndpointState {
  const { trial, ...rest } = state
  return { ...rest, state: 'stable', canary: null, updatedAt: isoTime(nowMs) }
}

/** The new version takes all traffic; the one before stays warm. */
export function completeRollout(
  state: EndpointState,
  version: number,
  { reasons, nowMs }: Grounds,
): RolloutStep {
  return rolloutStep(
    { ...settled(state, nowMs), stable: version, previous: state.stable },
    { action: 'complete', version, percent: 100, reasons, nowMs },
  )
}

/** The new version goes; the stable one answers everything, and never stopped to. */
export function withdrawRollout(
  state: EndpointState,
  version: number,
  { reasons, nowMs }: Grounds,
): RolloutStep {
  return rolloutStep(settled(state, nowMs), {
    action: 'roll-back',
    version,
    percent: 0,
    reasons,
    nowMs,
  })
}

/** A shadow ends with its report, and nothing follows. */
export function closeShadow(
  state: EndpointState,
  version: number,
  { reasons, nowMs }: Grounds,
): RolloutStep {
  return rolloutStep(settled(state, nowMs), {
    action: 'close',
    version,
    percent: 0,
    reasons,
    nowMs,
  })
}

/** Nothing changes; the reasons say what is waited for. */
export function keepWaiting(
  state: EndpointState,
  at: { readonly version: number; readonly percent: number },
  { reasons, nowMs }: Grounds,
): RolloutStep {
  return rolloutStep(state, { action: 'wait', ...at, reasons, nowMs })
}
