import type { EndpointState, Reason, RolloutDecision } from '../../core/records/index.ts'
import { durationMs, isoTime } from '../../core/time/index.ts'
import { challengerOf } from './challenger.ts'
import { canaryRules } from './judge-canary.ts'
import { type JudgeRolloutOptions, judgeRollout } from './judge-rollout.ts'
import type { RolloutEvidence } from './revision-evidence.ts'

export interface RolloutDescription {
  /** Who answers how much, in percent; a shadow answers nothing. */
  readonly traffic: readonly {
    readonly version: number
    readonly role: 'stable' | 'canary' | 'treatment' | 'shadow'
    readonly percent: number
  }[]
  /** Null when nothing is under way. */
  readonly rollout: {
    readonly kind: 'canary' | 'ab-test' | 'shadow'
    readonly version: number
    readonly since: string
    /** Of the canary's steps, the present one from 1; null for the others. */
    readonly step: { readonly number: number; readonly of: number } | null
    /** What the next look decides if nothing changes, and why. */
    readonly next: RolloutDecision['action']
    readonly reasons: readonly Reason[]
    /** What follows when every bound is kept to the end; an A/B run's winner takes all traffic. */
    readonly afterwards: 'all-traffic' | 'canary' | 'ab-test' | 'report'
    /** When time alone brings the next step, at the latest; null when it never does. */
    readonly nextStepAt: string | null
    readonly evidence: RolloutEvidence
  } | null
}

/** Where a rollout stands, and what is waited for. */
export function describeRollout(options: JudgeRolloutOptions): RolloutDescription {
  const { state, evidence } = options
  const challenger = challengerOf(state)
  const stable = { version: state.stable, role: 'stable' } as const
  if (challenger === null) return { traffic: [{ ...stable, percent: 100 }], rollout: null }
  const { kind, version, since, percent } = challenger
  const role = kind === 'ab-test' ? 'treatment' : kind
  const { decision } = judgeRollout(options)
  return {
    traffic: [
      { ...stable, percent: 100 - percent },
      { version, role, percent },
    ],
    rollout: {
      kind,
      version,
      since,
      step: stepOf(options),
      next: decision.action,
      reasons: decision.reasons,
      afterwards: followerOf(options),
      nextStepAt: nextStepAt(options),
      evidence,
    },
  }
}

function stepOf({ state, policy }: JudgeRolloutOptions) {
  const { canary } = state
  if (canary === null) return null
  return { number: canary.step + 1, of: canaryRules(canary, policy)?.steps.length ?? 1 }
}

function followerOf({ state, policy }: JudgeRolloutOptions) {
  const { canary, trial } = state
  if (canary !== null) return canaryRules(canary, policy)?.next?.kind ?? 'all-traffic'
  if (trial?.kind !== 'shadow') return 'all-traffic'
  const { kind } = trial.strategy.next
  return kind === 'blue-green' ? 'all-traffic' : kind
}

function nextStepAt({ state, policy }: JudgeRolloutOptions): string | null {
  const lasting = lastingOf(state, policy)
  const since = challengerOf(state)?.since
  if (lasting === undefined || since === undefined) return null
  return isoTime(Date.parse(since) + durationMs(lasting))
}

function lastingOf({ canary, trial }: EndpointState, policy: JudgeRolloutOptions['policy']) {
  if (canary !== null) return canaryRules(canary, policy)?.bake
  return trial?.strategy.maxDuration
}
