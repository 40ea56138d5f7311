import type { CanaryStrategy, MetricName, Reason } from '../../core/records/index.ts'
import { LOWER_IS_BETTER } from '../../core/records/index.ts'
import type { PredictionDrift } from './prediction-drift.ts'
import type { RevisionEvidence } from './revision-evidence.ts'
import { rolloutReason } from './rollout-reasons.ts'

/** What is demanded of the new revision; every strategy has the first three. */
export type RevisionBounds = Pick<
  CanaryStrategy,
  'maxErrorRateIncrease' | 'maxLatencyRatio' | 'minRequests'
> &
  Partial<Pick<CanaryStrategy, 'maxValueLossPerDecision' | 'maxPredictionDrift' | 'quality'>>

export interface RevisionComparison {
  /** A bound is broken: the new revision must go. */
  readonly broken: boolean
  /** Something declared cannot be judged yet. */
  readonly open: boolean
  readonly reasons: Reason[]
}

export interface CompareOptions {
  readonly challenger: RevisionEvidence
  readonly stable: RevisionEvidence
  readonly drift?: PredictionDrift | null | undefined
  readonly bounds: RevisionBounds
  /** Of traffic that the new revision answers; at 100 nothing is left to compare with. */
  readonly percent: number
}

export interface Finding {
  readonly outcome: 'kept' | 'broken' | 'open'
  readonly reason: Reason
}

/** Holds the new revision against the stable one in the same span, bound by bound. */
export function compareRevisions(options: CompareOptions): RevisionComparison {
  const awaited = awaitRequests(options)
  if (awaited !== undefined) return concludeFindings([awaited])
  return concludeFindings([
    judgeErrors(options),
    judgeLatency(options),
    ...judgeDrift(options),
    ...judgeValue(options),
    ...judgeQuality(options),
  ])
}

/** What findings come to; when a bound is broken, only the broken ones are told. */
export function concludeFindings(findings: readonly Finding[]): RevisionComparison {
  const broken = findings.filter(({ outcome }) => outcome === 'broken')
  return {
    broken: broken.length > 0,
    open: findings.some(({ outcome }) => outcome === 'open'),
    reasons: (broken.length > 0 ? broken : findings).map(({ reason }) => reason),
  }
}

function awaitRequests({
  challenger,
  stable,
  bounds,
  percent,
}: CompareOptions): Finding | undefined {
  const needed = bounds.minRequests
  if (challenger.requests < needed) {
    const values = { requests: challenger.requests, needed }
    const message = `the new revision has had ${challenger.requests} of ${needed} requests`
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
function judgeErrors({ challenger, stable, bounds }: CompareOptions): Finding {
  const canaryRate = challenger.errors / challenger.requests
  const stableRate = stable.requests === 0 ? 0 : stable.errors / stable.requests
  const values = { canaryRate, stableRate, maxIncrease: bounds.maxErrorRateIncrease }
  const rates = `${percentText(canaryRate)} of the new revision's requests failed, ${percentText(stableRate)} of the stable revision's`
  return canaryRate - stableRate > bounds.maxErrorRateIncrease
    ? broken(
        'error-rate-exceeded',
        `${rates}; at most ${percentText(bounds.maxErrorRateIncrease)} more is allowed`,
        values,
      )
    : kept('error-rate-kept', rates, values)
}

function judgeLatency({ challenger, stable, bounds }: CompareOptions): Finding {
  const canaryMs = challenger.latencyP95Ms
  const stableMs = stable.latencyP95Ms
  if (stable.requests === 0) return stableIdle('latency')
  if (canaryMs === null || stableMs === null) {
    const values = { canaryMs, stableMs }
    const message = 'latency was not measured on both revisions'
    return { outcome: 'open', reason: rolloutReason('latency-not-measured', message, values) }
  }
  const values = { canaryMs, stableMs, maxRatio: bounds.maxLatencyRatio }
  const times = `p95 latency is ${canaryMs.toFixed(2)} ms against ${stableMs.toFixed(2)} ms`
  return canaryMs > stableMs * bounds.maxLatencyRatio
    ? broken(
        'latency-ratio-exceeded',
        `${times}; at most ${bounds.maxLatencyRatio} times as long is allowed`,
        values,
      )
    : kept('latency-ratio-kept', times, values)
}

function judgeDrift({ drift, stable, bounds }: CompareOptions): Finding[] {
  const max = bounds.maxPredictionDrift
  if (max === undefined) return []
  if (stable.requests === 0) return [stableIdle('predictions')]
  if (drift === null || drift === undefined) {
    const message = 'the predictions of both revisions cannot be compared yet'
    return [{ outcome: 'open', reason: rolloutReason('drift-awaited', message) }]
  }
  const values = { psi: drift.psi, noise: drift.noise, max }
  const apart = `the predictions of both revisions are a PSI of ${drift.psi.toFixed(3)} apart`
  // A PSI that chance alone explains says nothing of the revision.
  return drift.psi > max && drift.psi > drift.noise
    ? [broken('drift-exceeded', `${apart}; at most ${max} is allowed`, values)]
    : [kept('drift-kept', apart, values)]
}

function judgeValue({ challenger, stable, bounds }: CompareOptions): Finding[] {
  const maxLoss = bounds.maxValueLossPerDecision
  if (maxLoss === undefined) return []
  if (stable.requests === 0) return [stableIdle('value')]
  const ours = challenger.valuePerDecision
  const theirs = stable.valuePerDecision
  if (ours === null || theirs === null || tooFewLabels({ challenger, stable, bounds })) {
    return [labelsAwaited('value', { challenger, stable, bounds })]
  }
  const values = { canary: ours, stable: theirs, maxLoss }
  const worth = `a decision is worth ${ours.toFixed(4)} against ${theirs.toFixed(4)}`
  return [
    theirs - ours > maxLoss
      ? broken('value-exceeded', `${worth}; a loss of at most ${maxLoss} is allowed`, values)
      : kept('value-kept', worth, values),
  ]
}

function judgeQuality({ challenger, stable, bounds }: CompareOptions): Finding[] {
  const { quality } = bounds
  if (quality === undefined) return []
  if (stable.requests === 0) return [stableIdle('quality')]
  const { metric, maxLoss } = quality
  const ours = challenger.metrics?.[metric]
  const theirs = stable.metrics?.[metric]
  if (ours === undefined || theirs === undefined || tooFewLabels({ challenger, stable, bounds })) {
    return [labelsAwaited(metric, { challenger, stable, bounds })]
  }
  const loss = (theirs - ours) * directionOf(metric)
  const values = { metric, canary: ours, stable: theirs, maxLoss }
  const level = `${metric} is ${ours.toFixed(4)} against ${theirs.toFixed(4)}`
  return [
    loss > maxLoss
      ? broken('quality-exceeded', `${level}; it may be worse by at most ${maxLoss}`, values)
      : kept('quality-kept', level, values),
  ]
}

function directionOf(metric: MetricName): 1 | -1 {
  return LOWER_IS_BETTER.includes(metric) ? -1 : 1
}

type Sides = Pick<CompareOptions, 'challenger' | 'stable' | 'bounds'>

function tooFewLabels({ challenger, stable, bounds }: Sides): boolean {
  return Math.min(challenger.labelled, stable.labelled) < bounds.minRequests
}

function labelsAwaited(subject: string, { challenger, stable, bounds }: Sides): Finding {
  const needed = bounds.minRequests
  const values = { subject, canary: challenger.labelled, stable: stable.labelled, needed }
  const message = `${subject} needs ${needed} labelled predictions on each side; new ${challenger.labelled}, stable ${stable.labelled}`
  return { outcome: 'open', reason: rolloutReason('labels-awaited', message, values) }
}

function kept(...reason: Parameters<typeof rolloutReason>): Finding {
  return { outcome: 'kept', reason: rolloutReason(...reason) }
}

function broken(...reason: Parameters<typeof rolloutReason>): Finding {
  return { outcome: 'broken', reason: rolloutReason(...reason) }
}

function stableIdle(subject: string): Finding {
  const message = `the stable revision has no traffic, so there is no ${subject} to compare with`
  return { outcome: 'kept', reason: rolloutReason('stable-without-traffic', message, { subject }) }
}

export function percentText(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
