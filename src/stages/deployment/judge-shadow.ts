import type { EndpointState, ShadowStrategy, ShadowTrial } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import {
  compareRevisions,
  concludeFindings,
  type Finding,
  percentText,
} from './compare-revisions.ts'
import { closeShadow, completeRollout, keepWaiting, withdrawRollout } from './end-rollout.ts'
import type { RolloutEvidence, ShadowEvidence } from './revision-evidence.ts'
import { rolloutReason } from './rollout-reasons.ts'
import type { RolloutStep } from './rollout-step.ts'
import { enterCanary } from './start-rollout.ts'

export interface JudgeShadowOptions {
  readonly state: EndpointState
  readonly trial: ShadowTrial
  readonly evidence: RolloutEvidence
  readonly nowMs: number
}

const EMPTY: ShadowEvidence = {
  compared: 0,
  failed: 0,
  dropped: 0,
  meanDifference: null,
  maxDifference: null,
  changedShare: null,
}

/**
 * A broken bound rejects the version as soon as enough requests were mirrored; with every bound kept
 * it goes on to what was declared to follow, or closes with its report.
 */
export function judgeShadow({ state, trial, evidence, nowMs }: JudgeShadowOptions): RolloutStep {
  const { strategy, version } = trial
  const shadow = evidence.shadow ?? EMPTY
  // Both sides answered the same requests, so there is always something to compare with.
  const compared = compareRevisions({
    stable: evidence.stable,
    challenger: evidence.challenger,
    bounds: strategy,
    percent: 0,
  })
  const report = reportReason(shadow)
  if (compared.open) {
    const reasons = [...compared.reasons, report]
    const isOver = nowMs - Date.parse(trial.since) >= durationMs(strategy.maxDuration)
    if (!isOver) return keepWaiting(state, { version, percent: 0 }, { reasons, nowMs })
    const message = `too few requests were mirrored in the ${strategy.maxDuration} it had`
    const over = rolloutReason('shadow-time-up', message, { compared: shadow.compared })
    return closeShadow(state, version, { reasons: [over, ...reasons], nowMs })
  }
  const differences = concludeFindings(judgeDifferences(shadow, strategy))
  const broken = [
    ...(compared.broken ? compared.reasons : []),
    ...(differences.broken ? differences.reasons : []),
  ]
  if (broken.length > 0) {
    return withdrawRollout(state, version, { reasons: [...broken, report], nowMs })
  }
  const reasons = [...compared.reasons, ...differences.reasons, report]
  const { next } = strategy
  if (next.kind === 'report') return closeShadow(state, version, { reasons, nowMs })
  if (next.kind === 'blue-green') return completeRollout(state, version, { reasons, nowMs })
  return enterCanary(state, { version, nowMs, strategy: next, own: true, reasons })
}

function judgeDifferences(shadow: ShadowEvidence, strategy: ShadowStrategy): Finding[] {
  const findings: Finding[] = []
  const { maxPredictionDifference: maxDifference, maxChangedDecisions: maxChanged } = strategy
  if (maxDifference !== undefined) {
    const mean = shadow.meanDifference ?? 0
    const values = { mean, max: maxDifference }
    const text = `predictions differ by ${mean.toFixed(4)} on average`
    findings.push(
      mean > maxDifference
        ? {
            outcome: 'broken',
            reason: rolloutReason(
              'difference-exceeded',
              `${text}; at most ${maxDifference} is allowed`,
              values,
            ),
          }
        : { outcome: 'kept', reason: rolloutReason('difference-kept', text, values) },
    )
  }
  if (maxChanged !== undefined && shadow.changedShare !== null) {
    const values = { share: shadow.changedShare, max: maxChanged }
    const text = `${percentText(shadow.changedShare)} of the decisions are others`
    findings.push(
      shadow.changedShare > maxChanged
        ? {
            outcome: 'broken',
            reason: rolloutReason(
              'decisions-exceeded',
              `${text}; at most ${percentText(maxChanged)} is allowed`,
              values,
            ),
          }
        : { outcome: 'kept', reason: rolloutReason('decisions-kept', text, values) },
    )
  }
  return findings
}

function reportReason(shadow: ShadowEvidence) {
  const { compared, failed, dropped, meanDifference, maxDifference, changedShare } = shadow
  const differing =
    meanDifference === null
      ? ''
      : `; predictions differ by ${meanDifference.toFixed(4)} on average, ${(maxDifference ?? 0).toFixed(4)} at most`
  const changed =
    changedShare === null ? '' : `; ${percentText(changedShare)} of the decisions are others`
  const message = `${compared} rows compared, ${failed} requests failed, ${dropped} dropped${differing}${changed}`
  return rolloutReason('shadow-report', message, { ...shadow })
}
