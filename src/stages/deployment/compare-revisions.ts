import type { DeploymentPolicy, Reason } from '../../core/records/index.ts'
import { rolloutReason } from './rollout-reasons.ts'

/** What one revision did in a span of time. */
export interface RevisionEvidence {
  /** All requests it was chosen for, failed ones included. */
  readonly requests: number
  readonly errors: number
  /** Null when it answered nothing. */
  readonly latencyP95Ms: number | null
  /** Mean value of a labelled decision; null without labels or without declared value. */
  readonly valuePerDecision: number | null
  /** Labelled predictions behind `valuePerDecision`. */
  readonly labelled: number
}

type CanaryStrategy = Extract<DeploymentPolicy['strategy'], { kind: 'canary' }>

export interface RevisionComparison {
  /** A bound is broken: the canary must go. */
  readonly broken: boolean
  /** Something declared cannot be judged yet. */
  readonly open: boolean
  readonly reasons: Reason[]
}

interface CompareOptions {
  readonly canary: RevisionEvidence
  readonly stable: RevisionEvidence
  readonly strategy: CanaryStrategy
  readonly percent: number
}

interface Finding {
  readonly outcome: 'kept' | 'broken' | 'open'
  readonly reason: Reason
}

/** Holds the canary against the stable revision in the same span, bound by bound. */
export function compareRevisions(options: CompareOptions): RevisionComparison {
  const awaited = awaitRequests(options)
  const findings =
    awaited === undefined
      ? [judgeErrors(options), judgeLatency(options), ...judgeValue(options)]
      : [awaited]
  const broken = findings.filter(({ outcome }) => outcome === 'broken')
  return {
    broken: broken.length > 0,
    open: findings.some(({ outcome }) => outcome === 'open'),
    reasons: (broken.length > 0 ? broken : findings).map(({ reason }) => reason),
  }
}

function awaitRequests({ canary, stable, strategy, percent }: CompareOptions): Finding | undefined {
  const needed = strategy.minRequests
  if (canary.requests < needed) {
    const values = { requests: canary.requests, needed }
    const message = `the canary has had ${canary.requests} of ${needed} requests`
    return { outcome: 'open', reason: rolloutReason('requests-awaited', message, values) }
  }
  if (percent < 100 && stable.requests < needed) {
    const values = { requests: stable.requests, needed }
    const message = `the stable revision has had ${stable.requests} of ${needed} requests to compare with`
    return { outcome: 'open', reason: rolloutReason('stable-requests-awaited', message, values) }
  }
  return undefined
}

/** A stable revision without traffic is taken as free of errors: the cautious reading. */
function judgeErrors({ canary, stable, strategy }: CompareOptions): Finding {
  const canaryRate = canary.errors / canary.requests
  const stableRate = stable.requests === 0 ? 0 : stable.errors / stable.requests
  const values = { canaryRate, stableRate, maxIncrease: strategy.maxErrorRateIncrease }
  const rates = `${percentText(canaryRate)} of the canary's requests failed, ${percentText(stableRate)} of the stable revision's`
  return canaryRate - stableRate > strategy.maxErrorRateIncrease
    ? {
        outcome: 'broken',
        reason: rolloutReason(
          'error-rate-exceeded',
          `${rates}; at most ${percentText(strategy.maxErrorRateIncrease)} more is allowed`,
          values,
        ),
      }
    : { outcome: 'kept', reason: rolloutReason('error-rate-kept', rates, values) }
}

function judgeLatency({ canary, stable, strategy }: CompareOptions): Finding {
  const canaryMs = canary.latencyP95Ms
  const stableMs = stable.latencyP95Ms
  if (stable.requests === 0) return { outcome: 'kept', reason: stableIdle('latency') }
  if (canaryMs === null || stableMs === null) {
    const values = { canaryMs, stableMs }
    const message = 'latency was not measured on both revisions'
    return { outcome: 'open', reason: rolloutReason('latency-not-measured', message, values) }
  }
  const values = { canaryMs, stableMs, maxRatio: strategy.maxLatencyRatio }
  const times = `p95 latency is ${canaryMs.toFixed(2)} ms against ${stableMs.toFixed(2)} ms`
  return canaryMs > stableMs * strategy.maxLatencyRatio
    ? {
        outcome: 'broken',
        reason: rolloutReason(
          'latency-exceeded',
          `${times}; at most ${strategy.maxLatencyRatio} times as long is allowed`,
          values,
        ),
      }
    : { outcome: 'kept', reason: rolloutReason('latency-kept', times, values) }
}

function judgeValue({ canary, stable, strategy }: CompareOptions): Finding[] {
  const maxLoss = strategy.maxValueLossPerDecision
  if (maxLoss === undefined) return []
  if (stable.requests === 0) return [{ outcome: 'kept', reason: stableIdle('value') }]
  const needed = strategy.minRequests
  const labelled = Math.min(canary.labelled, stable.labelled)
  if (canary.valuePerDecision === null || stable.valuePerDecision === null || labelled < needed) {
    const values = { canary: canary.labelled, stable: stable.labelled, needed }
    const message = `value needs ${needed} labelled predictions on each side; canary ${canary.labelled}, stable ${stable.labelled}`
    return [{ outcome: 'open', reason: rolloutReason('labels-awaited', message, values) }]
  }
  const loss = stable.valuePerDecision - canary.valuePerDecision
  const values = { canary: canary.valuePerDecision, stable: stable.valuePerDecision, maxLoss }
  const worth = `a decision is worth ${canary.valuePerDecision.toFixed(4)} against ${stable.valuePerDecision.toFixed(4)}`
  return [
    loss > maxLoss
      ? {
          outcome: 'broken',
          reason: rolloutReason(
            'value-exceeded',
            `${worth}; a loss of at most ${maxLoss} is allowed`,
            values,
          ),
        }
      : { outcome: 'kept', reason: rolloutReason('value-kept', worth, values) },
  ]
}

function stableIdle(subject: string): Reason {
  return rolloutReason(
    'stable-without-traffic',
    `the stable revision has no traffic, so there is no ${subject} to compare with`,
    { subject },
  )
}

function percentText(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
