import type {
  CanaryStrategy,
  DeploymentPolicy,
  EndpointState,
  Reason,
} from '../../core/records/index.ts'
import { durationMs, isoTime } from '../../core/time/index.ts'
import { compareRevisions } from './compare-revisions.ts'
import { completeRollout, type Grounds, keepWaiting, withdrawRollout } from './end-rollout.ts'
import type { RolloutEvidence } from './revision-evidence.ts'
import { rolloutReason } from './rollout-reasons.ts'
import { type RolloutStep, rolloutStep } from './rollout-step.ts'
import { enterAbTest } from './start-rollout.ts'

type Canary = NonNullable<EndpointState['canary']>

export interface JudgeCanaryOptions {
  readonly state: EndpointState
  readonly canary: Canary
  readonly policy: DeploymentPolicy
  readonly evidence: RolloutEvidence
  readonly nowMs: number
}

/** The rules of a canary under way: its own, else those of the policy; undefined when that has none. */
export function canaryRules(canary: Canary, policy: DeploymentPolicy): CanaryStrategy | undefined {
  const { strategy } = policy
  return canary.strategy ?? (strategy.kind === 'canary' ? strategy : undefined)
}

/**
 * A broken bound rolls back as soon as there are enough requests to tell, without waiting for the
 * bake to end; going on needs the whole bake and every bound kept. After the last step the version
 * takes all traffic, or meets the stable one in the A/B run that was declared to follow.
 */
export function judgeCanary(options: JudgeCanaryOptions): RolloutStep {
  const { state, canary, policy, evidence, nowMs } = options
  const strategy = canaryRules(canary, policy)
  // The policy may have changed since the canary started: then nothing bounds it.
  if (strategy === undefined) {
    const { kind } = policy.strategy
    const ended = rolloutReason(
      'policy-changed',
      `the policy is ${kind} now: version ${canary.version} takes all traffic`,
      { version: canary.version, kind },
    )
    return completeRollout(state, canary.version, { reasons: [ended], nowMs })
  }
  const { percent } = canary
  const comparison = compareRevisions({ ...evidence, bounds: strategy, percent })
  if (comparison.broken) {
    return withdrawRollout(state, canary.version, { reasons: comparison.reasons, nowMs })
  }
  const bake = judgeBake(canary, durationMs(strategy.bake), nowMs)
  const reasons = [bake.reason, ...comparison.reasons]
  if (!bake.over || comparison.open) {
    return keepWaiting(state, { version: canary.version, percent }, { reasons, nowMs })
  }
  const next = strategy.steps[canary.step + 1]
  return next === undefined
    ? passCanary(state, { canary, strategy }, { reasons, nowMs })
    : advance(state, { ...canary, step: canary.step + 1, percent: next }, { reasons, nowMs })
}

function passCanary(
  state: EndpointState,
  { canary, strategy }: { readonly canary: Canary; readonly strategy: CanaryStrategy },
  { reasons, nowMs }: Grounds,
): RolloutStep {
  const { version } = canary
  if (strategy.next === undefined) return completeRollout(state, version, { reasons, nowMs })
  const passed = rolloutReason(
    'canary-passed',
    `version ${version} kept the canary's bounds to the last step; an A/B run now tells what it is worth`,
    { version },
  )
  const why = [passed, ...reasons]
  return enterAbTest(state, { version, nowMs, strategy: strategy.next, reasons: why })
}

function judgeBake(
  canary: Canary,
  bakeMs: number,
  nowMs: number,
): { readonly over: boolean; readonly reason: Reason } {
  const elapsedMs = nowMs - Date.parse(canary.since)
  const over = elapsedMs >= bakeMs
  const texts = { elapsed: spanText(elapsedMs), bake: spanText(bakeMs) }
  const values = { elapsedMs, bakeMs, ...texts }
  const elapsed = `${texts.elapsed} of ${texts.bake}`
  return {
    over,
    reason: over
      ? rolloutReason('bake-over', `the step has baked long enough (${elapsed})`, values)
      : rolloutReason('bake-not-over', `the step has baked ${elapsed}`, values),
  }
}

/** A span in its largest fitting unit, as project files write durations. */
function spanText(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const
  const [unit, size] = units.find(([, least]) => ms >= least) ?? ['s', 1_000]
  return `${Number((ms / size).toFixed(1))}${unit}`
}

function advance(state: EndpointState, next: Canary, { reasons, nowMs }: Grounds): RolloutStep {
  const at = isoTime(nowMs)
  const { version, percent } = next
  return rolloutStep(
    { ...state, canary: { ...next, since: at }, updatedAt: at },
    { action: 'advance', version, percent, reasons, nowMs },
  )
}
