import type { DeploymentPolicy, EndpointState, Reason } from '../../core/records/index.ts'
import { durationMs, isoTime } from '../../core/time/index.ts'
import { compareRevisions, type RevisionEvidence } from './compare-revisions.ts'
import { rolloutReason } from './rollout-reasons.ts'
import { type RolloutStep, rolloutStep } from './rollout-step.ts'

export interface JudgeRolloutOptions {
  readonly state: EndpointState
  readonly policy: DeploymentPolicy
  /** Both revisions over the same span: since the canary's present step began. */
  readonly evidence: { readonly canary: RevisionEvidence; readonly stable: RevisionEvidence }
  readonly nowMs: number
}

type Canary = NonNullable<EndpointState['canary']>

interface Grounds {
  readonly reasons: Reason[]
  readonly nowMs: number
}

/**
 * Decides what becomes of a canary. A broken bound rolls back as soon as there are enough requests
 * to tell, without waiting for the bake to end; going on needs the whole bake and every bound kept.
 * A declared bound that cannot be judged yet makes it wait, never pass.
 */
export function judgeRollout(options: JudgeRolloutOptions): RolloutStep {
  const { state, policy, nowMs } = options
  const { canary } = state
  if (canary === null) {
    const reason = rolloutReason('no-canary', `no rollout is under way at "${state.endpoint}"`)
    const stable = { version: state.stable, percent: 100 }
    return rolloutStep(state, { action: 'wait', ...stable, reasons: [reason], nowMs })
  }
  // The policy may have become blue-green since the canary started: then nothing bounds it.
  if (policy.strategy.kind !== 'canary') {
    const ended = rolloutReason(
      'policy-changed',
      `the policy is blue-green now: version ${canary.version} takes all traffic`,
      { version: canary.version },
    )
    return complete(state, canary, { reasons: [ended], nowMs })
  }
  const { strategy } = policy
  const comparison = compareRevisions({ ...options.evidence, strategy, percent: canary.percent })
  if (comparison.broken) return withdraw(state, canary, { reasons: comparison.reasons, nowMs })
  const bake = judgeBake(canary, durationMs(strategy.bake), nowMs)
  const reasons = [bake.reason, ...comparison.reasons]
  if (!bake.over || comparison.open) {
    const { version, percent } = canary
    return rolloutStep(state, { action: 'wait', version, percent, reasons, nowMs })
  }
  const percent = strategy.steps[canary.step + 1]
  return percent === undefined
    ? complete(state, canary, { reasons, nowMs })
    : advance(state, { ...canary, step: canary.step + 1, percent }, { reasons, nowMs })
}

function judgeBake(
  canary: Canary,
  bakeMs: number,
  nowMs: number,
): { readonly over: boolean; readonly reason: Reason } {
  const elapsedMs = nowMs - Date.parse(canary.since)
  const over = elapsedMs >= bakeMs
  const values = { elapsedMs, bakeMs }
  const elapsed = `${Math.round(elapsedMs / 1_000)} s of ${Math.round(bakeMs / 1_000)} s`
  return {
    over,
    reason: over
      ? rolloutReason('bake-over', `the step has baked long enough (${elapsed})`, values)
      : rolloutReason('bake-not-over', `the step has baked ${elapsed}`, values),
  }
}

function advance(state: EndpointState, next: Canary, { reasons, nowMs }: Grounds): RolloutStep {
  const at = isoTime(nowMs)
  const { version, percent } = next
  return rolloutStep(
    { ...state, canary: { ...next, since: at }, updatedAt: at },
    { action: 'advance', version, percent, reasons, nowMs },
  )
}

function complete(state: EndpointState, canary: Canary, { reasons, nowMs }: Grounds): RolloutStep {
  const { version } = canary
  return rolloutStep(
    {
      ...state,
      state: 'stable',
      stable: version,
      previous: state.stable,
      canary: null,
      updatedAt: isoTime(nowMs),
    },
    { action: 'complete', version, percent: 100, reasons, nowMs },
  )
}

function withdraw(state: EndpointState, canary: Canary, { reasons, nowMs }: Grounds): RolloutStep {
  return rolloutStep(
    { ...state, state: 'stable', canary: null, updatedAt: isoTime(nowMs) },
    { action: 'roll-back', version: canary.version, percent: 0, reasons, nowMs },
  )
}
