import type { EndpointState, RolloutDecision } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import { challengerOf } from './challenger.ts'
import { rolloutReason } from './rollout-reasons.ts'
import { type RolloutStep, rolloutStep } from './rollout-step.ts'

/** What clocks of several machines may differ by; a larger jump means that one was set. */
export const CLOCKS_DIFFER_MS = 60_000

/**
 * The step under way as if it began now: after the clock was set, the time since its beginning is
 * neither the bake that was asked for nor the span of what was logged. Without a step nothing changes.
 */
export function beginStepAnew(state: EndpointState, nowMs: number): RolloutStep {
  const since = isoTime(nowMs)
  const challenger = challengerOf(state)
  const { canary, trial } = state
  const message = `the clock was set: the step, begun at ${challenger?.since}, begins anew`
  return rolloutStep(
    {
      ...state,
      canary: canary && { ...canary, since },
      ...(trial === undefined ? {} : { trial: trial && { ...trial, since } }),
    },
    {
      action: 'wait',
      version: challenger?.version ?? state.stable,
      percent: challenger?.percent ?? 100,
      reasons: [rolloutReason('clock-set', message, { before: challenger?.since ?? '' })],
      nowMs,
    },
  )
}

/** Whether a decision began a step anew: what was counted since its beginning counts from now. */
export function beganAnew({ reasons }: RolloutDecision): boolean {
  return reasons.some(({ code }) => code === 'clock-set')
}
