import { contentId } from '../../core/identity/index.ts'
import type {
  AbTestStrategy,
  CanaryStrategy,
  DeploymentPolicy,
  EndpointState,
  Reason,
  RolloutStrategy,
  ShadowStrategy,
} from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import { type Challenger, challengerOf } from './challenger.ts'
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
  /** Instead of the policy's own. */
  readonly strategy?: RolloutStrategy | undefined
  readonly nowMs: number
}

/**
 * Begins to roll out a version: at once for the first version and with blue-green, else by the
 * canary's first step, an A/B run or a shadow. Asking again for what already serves or is under way
 * changes nothing.
 * @throws ROLLOUT_UNDER_WAY while another version is being rolled out
 */
export function startRollout(options: StartRolloutOptions): RolloutStep {
  const { state, version, nowMs } = options
  if (state === undefined) return firstVersion(options)
  const challenger = challengerOf(state)
  if (challenger !== null) return whileUnderWay(state, challenger, options)
  if (state.stable === version) {
    const reason = rolloutReason('already-stable', `version ${version} already answers all traffic`)
    return rolloutStep(state, { action: 'wait', version, percent: 100, reasons: [reason], nowMs })
  }
  const strategy = options.strategy ?? options.policy.strategy
  switch (strategy.kind) {
    case 'blue-green':
      return switchAll(state, options)
    case 'canary': {
      const own = options.strategy !== undefined
      return enterCanary(state, { version, nowMs, strategy, own, reasons: [] })
    }
    case 'ab-test':
      return enterAbTest(state, { version, nowMs, strategy, reasons: [] })
    case 'shadow':
      return enterShadow(state, strategy, options)
  }
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

export interface EnterCanaryOptions {
  readonly version: number
  readonly nowMs: number
  readonly strategy: CanaryStrategy
  /** Whether it keeps these rules, whatever the project file says later. */
  readonly own: boolean
  /** What led to it, told before its own beginning. */
  readonly reasons: Reason[]
}

/** A canary's first step. */
export function enterCanary(state: EndpointState, options: EnterCanaryOptions): RolloutStep {
  const { version, nowMs, strategy, own, reasons } = options
  const { trial, ...rest } = state
  const percent = strategy.steps[0] ?? 100
  const at = isoTime(nowMs)
  const reason = rolloutReason(
    'canary-started',
    `version ${version} takes ${percent} % of the traffic beside version ${state.stable}`,
    { version, stable: state.stable, percent },
  )
  const canary = { version, step: 0, percent, since: at, ...(own ? { strategy } : {}) }
  return rolloutStep(
    { ...rest, state: 'canary', canary, updatedAt: at },
    { action: 'start-canary', version, percent, reasons: [...reasons, reason], nowMs },
  )
}

export interface EnterAbTestOptions {
  readonly version: number
  readonly nowMs: number
  readonly strategy: AbTestStrategy
  /** What led to it, told before its own beginning. */
  readonly reasons: Reason[]
}

/** An A/B run with keys of its own; a canary before it is over. */
export function enterAbTest(state: EndpointState, options: EnterAbTestOptions): RolloutStep {
  const { version, nowMs, strategy, reasons } = options
  const since = isoTime(nowMs)
  const id = contentId('ab', { endpoint: state.endpoint, version, stable: state.stable, since })
  const percent = strategy.share * 100
  const reason = rolloutReason(
    'ab-test-started',
    `version ${version} answers ${percent} % of the keys beside version ${state.stable}; ${strategy.metric} decides`,
    { version, stable: state.stable, percent, metric: strategy.metric },
  )
  return rolloutStep(
    {
      ...state,
      state: 'ab-test',
      canary: null,
      trial: { kind: 'ab-test', id, version, since, strategy },
      updatedAt: since,
    },
    { action: 'start-ab-test', version, percent, reasons: [...reasons, reason], nowMs },
  )
}

function enterShadow(
  state: EndpointState,
  strategy: ShadowStrategy,
  { version, nowMs }: StartRolloutOptions,
): RolloutStep {
  const since = isoTime(nowMs)
  const percent = strategy.share * 100
  const reason = rolloutReason(
    'shadow-started',
    `version ${version} is shown ${percent} % of the requests after version ${state.stable} answered them`,
    { version, stable: state.stable, percent },
  )
  return rolloutStep(
    {
      ...state,
      state: 'shadow',
      trial: { kind: 'shadow', version, since, strategy },
      updatedAt: since,
    },
    { action: 'start-shadow', version, percent: 0, reasons: [reason], nowMs },
  )
}

function whileUnderWay(
  state: EndpointState,
  { kind, version: ongoing, percent }: Challenger,
  { version, nowMs }: StartRolloutOptions,
): RolloutStep {
  if (ongoing !== version) {
    const { endpoint } = state
    throw deploymentErrors.ROLLOUT_UNDER_WAY({ endpoint, canary: ongoing, version })
  }
  const reason = rolloutReason(
    'already-canary',
    `version ${version} is already being rolled out (${kind}, ${percent} %)`,
    { version, percent, kind },
  )
  return rolloutStep(state, { action: 'wait', version, percent, reasons: [reason], nowMs })
}
