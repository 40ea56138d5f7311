import { contentId } from '../../core/identity/index.ts'
import type { EndpointState, Reason, RolloutDecision } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'

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
