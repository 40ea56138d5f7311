import { contentId } from '../../core/identity/index.ts'
import type { EndpointState, Reason, RolloutDecision } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import { rolloutReason } from './rollout-reasons.ts'

/** What every rollout function returns: the state to write, and the decision to keep. */
export interface RolloutStep {
  readonly state: EndpointState
  readonly decision: RolloutDecision
}

/** Joins a state with the decision that led to it; the id follows from the decision's content. */
export function rolloutStep(
  state: EndpointState,
  decision: {
    readonly action: RolloutDecision['action']
    readonly version: number
    readonly percent: number
    readonly reasons: Reason[]
    readonly nowMs: number
  },
): RolloutStep {
  const { nowMs, ...parts } = decision
  const content = { endpoint: state.endpoint, ...parts, at: isoTime(nowMs) }
  return { state, decision: { id: contentId('rollout', content), ...content } }
}

/** The step with who asked for it, and why, told first. */
export function askedFor(
  { state, decision }: RolloutStep,
  { by, reason }: { readonly by: string; readonly reason: string },
): RolloutStep {
  const asked = rolloutReason('asked-for', `${by} asked for it: ${reason}`, { by, reason })
  const { id, ...parts } = { ...decision, reasons: [asked, ...decision.reasons] }
  return { state, decision: { id: contentId('rollout', parts), ...parts } }
}
