import type { AbTestStrategy, AbTrial, EndpointState, Reason } from '../../core/records/index.ts'
import { type SequentialDifference, sequentialDifference } from '../../core/statistics/index.ts'
import { durationMs } from '../../core/time/index.ts'
import { compareRevisions } from './compare-revisions.ts'
import { completeRollout, keepWaiting, withdrawRollout } from './end-rollout.ts'
import type { AbEvidence, RolloutEvidence } from './revision-evidence.ts'
import { rolloutReason } from './rollout-reasons.ts'
import type { RolloutStep } from './rollout-step.ts'

export interface JudgeAbTestOptions {
  readonly state: EndpointState
  readonly trial: AbTrial
  readonly evidence: RolloutEvidence
  readonly nowMs: number
}

interface Finding {
  readonly outcome: 'won' | 'lost' | 'open'
  readonly reason: Reason
}

const EMPTY: AbEvidence = {
  exposed: { control: 0, treatment: 0 },
  control: { count: 0, mean: 0, variance: 0 },
  treatment: { count: 0, mean: 0, variance: 0 },
  money: null,
}

/**
 * A broken guard rail ends the run at once. Else the always-valid interval of the difference does:
 * above nought the new version takes all traffic; below nought, or below the least gain worth having,
 * the stable one stays, as it does when the time is up. Looking often costs nothing.
 */
export function judgeAbTest({ state, trial, evidence, nowMs }: JudgeAbTestOptions): RolloutStep {
  const { strategy, version } = trial
  const percent = strategy.share * 100
  const rails = compareRevisions({
    stable: evidence.stable,
    challenger: evidence.challenger,
    bounds: strategy.guardRails,
    percent,
  })
  const ab = evidence.ab ?? EMPTY
  if (rails.broken) {
    const reasons = [...rails.reasons, ...moneyReasons(ab, strategy), armsReason(ab, trial)]
    return withdrawRollout(state, version, { reasons, nowMs })
  }
  const finding = judgeDifference(ab, strategy)
  const told = [finding.reason, ...moneyReasons(ab, strategy), armsReason(ab, trial)]
  const reasons = [...told, ...rails.reasons]
  if (finding.outcome === 'won') return completeRollout(state, version, { reasons, nowMs })
  if (finding.outcome === 'lost') return withdrawRollout(state, version, { reasons, nowMs })
  const time = timeUp(trial, nowMs)
  return time === undefined
    ? keepWaiting(state, { version, percent }, { reasons, nowMs })
    : withdrawRollout(state, version, { reasons: [time, ...reasons], nowMs })
}

/** The run's difference in the metric's own unit, treatment less control; undefined before it is known. */
function abDifference(ab: AbEvidence, strategy: AbTestStrategy): SequentialDifference | undefined {
  return sequentialDifference({
    treatment: ab.treatment,
    control: ab.control,
    alpha: strategy.alpha,
    plannedRows: 2 * strategy.minSamples,
  })
}

/** The difference in money of a decision and of a month; null without declared value or labels. */
function abMoney(ab: AbEvidence, { alpha, minSamples }: AbTestStrategy) {
  if (ab.money === null) return null
  const { currency, decisionsPerMonth, treatment, control } = ab.money
  const found = sequentialDifference({ treatment, control, alpha, plannedRows: 2 * minSamples })
  if (found === undefined) return null
  const { estimate, low, high } = found
  return { currency, decisionsPerMonth, perDecision: { value: estimate, low, high } }
}

function judgeDifference(ab: AbEvidence, strategy: AbTestStrategy): Finding {
  const { metric, minSamples, minEffect } = strategy
  const { control, treatment } = ab
  if (Math.min(control.count, treatment.count) < minSamples) {
    const values = { control: control.count, treatment: treatment.count, needed: minSamples }
    const message = `${metric} needs ${minSamples} labelled keys in each arm; control ${control.count}, treatment ${treatment.count}`
    return { outcome: 'open', reason: rolloutReason('samples-awaited', message, values) }
  }
  const found = abDifference(ab, strategy)
  if (found === undefined) {
    const message = `${metric} does not vary in either arm, so nothing can be told from it`
    return { outcome: 'open', reason: rolloutReason('metric-constant', message, { metric }) }
  }
  const values = { metric, ...found, minEffect, alpha: strategy.alpha, better: betterOf(strategy) }
  const text = `${metric} differs by ${found.estimate.toFixed(4)} (${found.low.toFixed(4)} to ${found.high.toFixed(4)})`
  const { low, high } = gains(found, strategy)
  if (high < 0) {
    return {
      outcome: 'lost',
      reason: rolloutReason('treatment-lost', `the new version is worse: ${text}`, values),
    }
  }
  if (high < minEffect) {
    const message = `${text}: less than the ${minEffect} worth having`
    return { outcome: 'lost', reason: rolloutReason('test-futile', message, values) }
  }
  return low > 0
    ? {
        outcome: 'won',
        reason: rolloutReason('treatment-won', `the new version is better: ${text}`, values),
      }
    : { outcome: 'open', reason: rolloutReason('difference-open', `${text}: not settled`, values) }
}

/** What each arm showed, so that the decision can be read without the log. */
function armsReason({ exposed, control, treatment }: AbEvidence, { strategy }: AbTrial): Reason {
  const { metric, arms } = strategy
  const side = (name: string, keys: number, { count, mean }: AbEvidence['control']) =>
    count === 0
      ? `${name}: ${keys} keys, none labelled`
      : `${name}: ${keys} keys, ${count} labelled, ${metric} ${mean.toFixed(4)} on average`
  const message = `${side(arms.treatment, exposed.treatment, treatment)}; ${side(arms.control, exposed.control, control)}`
  return rolloutReason('arms-observed', message, {
    metric,
    treatmentKeys: exposed.treatment,
    treatmentLabelled: treatment.count,
    treatmentMean: treatment.count === 0 ? null : treatment.mean,
    controlKeys: exposed.control,
    controlLabelled: control.count,
    controlMean: control.count === 0 ? null : control.mean,
  })
}

/** The interval as gains: above nought is better, whichever way the metric counts. */
function gains({ low, high }: SequentialDifference, strategy: AbTestStrategy) {
  return betterOf(strategy) === 'higher' ? { low, high } : { low: -high, high: -low }
}

function betterOf({ better, metric }: AbTestStrategy): 'higher' | 'lower' {
  return better ?? (metric === 'absoluteError' ? 'lower' : 'higher')
}

function moneyReasons(ab: AbEvidence, strategy: AbTestStrategy): Reason[] {
  const money = abMoney(ab, strategy)
  const labelled = Math.min(ab.control.count, ab.treatment.count)
  if (money === null || labelled < strategy.minSamples) return []
  const { currency, decisionsPerMonth, perDecision } = money
  const [value, low, high] = [perDecision.value, perDecision.low, perDecision.high].map((amount) =>
    Math.round(amount * decisionsPerMonth),
  )
  const message = `in money: ${perDecision.value.toFixed(2)} ${currency} a decision (${perDecision.low.toFixed(2)} to ${perDecision.high.toFixed(2)}), ${value} a month (${low} to ${high})`
  const values = { currency, value: value ?? 0, low: low ?? 0, high: high ?? 0 }
  return [rolloutReason('money-difference', message, { ...values, ...prefixed(perDecision) })]
}

function prefixed(amount: { readonly value: number; readonly low: number; readonly high: number }) {
  return { perDecision: amount.value, perDecisionLow: amount.low, perDecisionHigh: amount.high }
}

function timeUp({ since, strategy }: AbTrial, nowMs: number): Reason | undefined {
  const elapsedMs = nowMs - Date.parse(since)
  const maxMs = durationMs(strategy.maxDuration)
  if (elapsedMs < maxMs) return undefined
  const days = Number((elapsedMs / 86_400_000).toFixed(1))
  const message = `no winner after ${days} days: the stable version stays`
  return rolloutReason('test-time-up', message, { elapsedMs, maxMs, days })
}
