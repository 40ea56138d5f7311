import type { EndpointState } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import { challengerOf } from './challenger.ts'
import { withdrawRollout } from './end-rollout.ts'
import { deploymentErrors } from './errors.ts'
import { rolloutReason } from './rollout-reasons.ts'
import { type RolloutStep, rolloutStep } from './rollout-step.ts'

export interface RollBackEndpointOptions {
  readonly state: EndpointState
  readonly nowMs: number
  /** Why, in words; kept in the decision. */
  readonly reason: string
  /**
   * Version to go back to, when the caller knows the history; the one kept warm otherwise. Lets a
   * second way back reach further than the endpoint itself remembers.
   */
  readonly to?: number
}

/**
 * The instant way back. During a rollout it withdraws the new version; otherwise the version before takes
 * all traffic. The version left behind is not remembered as `previous`: going back twice must never
 * return to what was just given up.
 * @throws ROLLBACK_IMPOSSIBLE when there is no version before
 */
export function rollBackEndpoint({
  state,
  nowMs,
  reason,
  to,
}: RollBackEndpointOptions): RolloutStep {
  const at = isoTime(nowMs)
  const challenger = challengerOf(state)
  if (challenger !== null) {
    const { version } = challenger
    const why = rolloutReason(
      'canary-withdrawn',
      `version ${version} was withdrawn; version ${state.stable} answers all traffic: ${reason}`,
      { version, stable: state.stable, reason },
    )
    return withdrawRollout(state, version, { reasons: [why], nowMs })
  }
  const target = to ?? state.previous
  if (target === null || target === state.stable) {
    throw deploymentErrors.ROLLBACK_IMPOSSIBLE({ endpoint: state.endpoint, stable: state.stable })
  }
  const why = rolloutReason(
    'stable-rolled-back',
    `all traffic goes back from version ${state.stable} to ${target}: ${reason}`,
    { from: state.stable, to: target, reason },
  )
  return rolloutStep(
    { ...state, stable: target, previous: null, updatedAt: at },
    { action: 'roll-back', version: state.stable, percent: 0, reasons: [why], nowMs },
  )
}
