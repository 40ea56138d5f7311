import type { EndpointState } from '../../core/records/index.ts'
import { challengerOf } from './challenger.ts'
import { completeRollout, withdrawRollout } from './end-rollout.ts'
import { deploymentErrors } from './errors.ts'
import { rolloutReason } from './rollout-reasons.ts'
import type { RolloutStep } from './rollout-step.ts'

export interface FinishRolloutOptions {
  readonly state: EndpointState
  readonly nowMs: number
  /** Why, in words; kept in the decision. */
  readonly reason: string
}

/**
 * Ends the rollout under way early: the new version takes all traffic.
 * @throws NO_ROLLOUT_UNDER_WAY
 */
export function promoteRollout({ state, nowMs, reason }: FinishRolloutOptions): RolloutStep {
  const { version } = requireChallenger(state)
  const why = rolloutReason(
    'promoted-early',
    `version ${version} takes all traffic before its rollout ended: ${reason}`,
    { version, reason },
  )
  return completeRollout(state, version, { reasons: [why], nowMs })
}

/**
 * Gives the rollout under way up: the stable version answers everything.
 * @throws NO_ROLLOUT_UNDER_WAY, so that giving up late never takes the stable version away
 */
export function abortRollout({ state, nowMs, reason }: FinishRolloutOptions): RolloutStep {
  const { version } = requireChallenger(state)
  const why = rolloutReason(
    'rollout-aborted',
    `version ${version} was withdrawn; version ${state.stable} answers all traffic: ${reason}`,
    { version, stable: state.stable, reason },
  )
  return withdrawRollout(state, version, { reasons: [why], nowMs })
}

function requireChallenger(state: EndpointState) {
  const challenger = challengerOf(state)
  if (challenger === null) {
    const { endpoint, stable } = state
    throw deploymentErrors.NO_ROLLOUT_UNDER_WAY({ endpoint, stable })
  }
  return challenger
}
