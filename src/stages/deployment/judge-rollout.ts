import type { DeploymentPolicy, EndpointState } from '../../core/records/index.ts'
import { beginStepAnew, CLOCKS_DIFFER_MS } from './begin-step-anew.ts'
import { challengerOf } from './challenger.ts'
import { keepWaiting } from './end-rollout.ts'
import { judgeAbTest } from './judge-ab-test.ts'
import { judgeCanary } from './judge-canary.ts'
import { judgeShadow } from './judge-shadow.ts'
import type { RolloutEvidence } from './revision-evidence.ts'
import { rolloutReason } from './rollout-reasons.ts'
import type { RolloutStep } from './rollout-step.ts'

export interface JudgeRolloutOptions {
  readonly state: EndpointState
  readonly policy: DeploymentPolicy
  readonly evidence: RolloutEvidence
  readonly nowMs: number
}

/**
 * Decides what becomes of the rollout under way, by the rules of its own strategy. Whatever is
 * declared and cannot be judged yet makes it wait, never pass.
 */
export function judgeRollout(options: JudgeRolloutOptions): RolloutStep {
  const { state, policy, evidence, nowMs } = options
  const { canary, trial } = state
  const since = challengerOf(state)?.since
  // Until the clock comes there again nothing would be seen of what the version does.
  if (since !== undefined && Date.parse(since) > nowMs + CLOCKS_DIFFER_MS) {
    return beginStepAnew(state, nowMs)
  }
  if (canary !== null) return judgeCanary({ state, canary, policy, evidence, nowMs })
  if (trial?.kind === 'ab-test') return judgeAbTest({ state, trial, evidence, nowMs })
  if (trial?.kind === 'shadow') return judgeShadow({ state, trial, evidence, nowMs })
  const reason = rolloutReason('no-canary', `no rollout is under way at "${state.endpoint}"`)
  const stable = { version: state.stable, percent: 100 }
  return keepWaiting(state, stable, { reasons: [reason], nowMs })
}
