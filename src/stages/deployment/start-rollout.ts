import type { DeploymentPolicy, EndpointState } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import { deploymentErrors } from './errors.ts'
import { rolloutReason } from './rollout-reasons.ts'
import { type RolloutStep, rolloutStep } from './rollout-step.ts'

export interface StartRolloutOptions {
  /** Undefined before the endpoint's first version. */
  readonly state: EndpointState | undefined
  readonly endpoint: string
  readonly model: string
  readonly version: number
  readonly policy: DeploymentPolicy
  readonly nowMs: number
}

/**
 * Begins to roll out a version: at once for the first version and with blue-green, else to the
 * canary's first step. Asking again for what already serves or is under way changes nothing.
 * @throws ROLLOUT_UNDER_WAY while another version is in its canary
 */
export function startRollout(options: StartRolloutOptions): RolloutStep {
  const { state, version, nowMs } = options
  if (state === undefined) return firstVersion(options)
  if (state.canary !== null) return whileCanary(state, state.canary, options)
  if (state.stable === version) {
    const reason = rolloutReason('already-stable', `version ${version} already answers all traffic`)
    return rolloutStep(state, { action: 'wait', version, percent: 100, reasons: [reason], nowMs })
  }
  return options.policy.strategy.kind === 'canary'
    ? startCanary(state, options, options.policy.strategy.steps[0] ?? 100)
    : switchAll(state, options)
}

function firstVersion({ endpoint, model, version, nowMs }: StartRolloutOptions): RolloutStep {
  const state: EndpointState = {
    endpoint,
    model,
    state: 'stable',
    stable: version,
    previous: null,
    canary: null,
    updatedAt: isoTime(nowMs),
  }
  const reason = rolloutReason(
    'first-version',
    `version ${version} is the first of endpoint "${endpoint}" and takes all traffic`,
    { version },
  )
  return rolloutStep(state, { action: 'switch', version, percent: 100, reasons: [reason], nowMs })
}

function switchAll(state: EndpointState, { version, nowMs }: StartRolloutOptions): RolloutStep {
  const reason = rolloutReason(
    'blue-green-switch',
    `all traffic goes from version ${state.stable} to ${version}; ${state.stable} stays warm`,
    { from: state.stable, to: version },
  )
  return rolloutStep(
    { ...state, stable: version, previous: state.stable, updatedAt: isoTime(nowMs) },
    { action: 'switch', version, percent: 100, reasons: [reason], nowMs },
  )
}

function startCanary(
  state: EndpointState,
  { version, nowMs }: StartRolloutOptions,
  percent: number,
): RolloutStep {
  const at = isoTime(nowMs)
  const reason = rolloutReason(
    'canary-started',
    `version ${version} takes ${percent} % of the traffic beside version ${state.stable}`,
    { version, stable: state.stable, percent },
  )
  return rolloutStep(
    {
      ...state,
      state: 'canary',
      canary: { version, step: 0, percent, since: at },
      updatedAt: at,
    },
    { action: 'start-canary', version, percent, reasons: [reason], nowMs },
  )
}

function whileCanary(
  state: EndpointState,
  canary: NonNullable<EndpointState['canary']>,
  { version, nowMs }: StartRolloutOptions,
): RolloutStep {
  if (canary.version !== version) {
    throw deploymentErrors.ROLLOUT_UNDER_WAY({
      endpoint: state.endpoint,
      canary: canary.version,
      version,
    })
  }
  const { percent } = canary
  const reason = rolloutReason(
    'already-canary',
    `version ${version} is already being rolled out, at ${percent} %`,
    { version, percent },
  )
  return rolloutStep(state, { action: 'wait', version, percent, reasons: [reason], nowMs })
}
