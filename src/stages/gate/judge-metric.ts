import { type Estimate, LOWER_IS_BETTER } from '../../core/records/index.ts'
import { figureText } from '../../core/statistics/index.ts'
import {
  atLeast,
  boundMissing,
  boundText,
  type CriterionOf,
  type Evidence,
  estimateOf,
  type Finding,
  metricMissing,
  withinBounds,
} from './finding.ts'
import { gateReason } from './gate-reasons.ts'

function estimateText({ value, low, high }: Estimate): string {
  return low === null || high === null
    ? figureText(value)
    : `${figureText(value)} (${figureText(low)} to ${figureText(high)})`
}

/** A metric against a bound; with `useInterval` the end of its interval that is worse for the bound. */
export function judgeAbsolute(
  criterion: CriterionOf<'absolute'>,
  { evaluation }: Evidence,
): Finding {
  const { metric, useInterval } = criterion
  if (criterion.atLeast === undefined && criterion.atMost === undefined) return boundMissing(metric)
  const bound = boundText(criterion)
  const estimate = estimateOf(evaluation, metric)
  if (estimate === undefined) return metricMissing({ metric, bound, subject: 'the candidate' })
  const { value, low, high } = estimate
  const measured = estimateText(estimate)
  if (useInterval && (low === null || high === null)) {
    const message = `${metric} has no confidence interval, which the criterion asks for`
    const reason = gateReason('interval-missing', message, { metric, value })
    return { outcome: 'failed', bound, measured, reason }
  }
  const kept =
    withinBounds(useInterval ? (low ?? value) : value, { atLeast: criterion.atLeast }) &&
    withinBounds(useInterval ? (high ?? value) : value, { atMost: criterion.atMost })
  const values = { metric, value, low, high, bound, useInterval }
  const reason = kept
    ? gateReason('bound-kept', `${metric} is ${measured}, ${bound} is demanded`, values)
    : gateReason('bound-broken', `${metric} is ${measured}, but ${bound} is demanded`, values)
  return { outcome: kept ? 'passed' : 'failed', bound, measured, reason }
}

function isBetterBy(gain: number, margin: number): boolean {
  // Without a margin "better" is strict: an equal of the baseline has not earned its keep.
  return margin === 0 ? gain > 0 : atLeast(gain, margin)
}

/** Better than the naive baseline or the simple rule by a margin, in the metric's direction. */
export function judgeBaseline(
  criterion: CriterionOf<'baseline'>,
  { evaluation, baselines }: Evidence,
): Finding {
  const { metric, against, margin } = criterion
  const rival = against === 'baseline' ? 'the baseline' : 'the simple rule'
  const bound = `better than ${rival}${margin === 0 ? '' : ` by ${figureText(margin)}`}`
  const other = baselines[against]
  if (other === undefined) {
    const reason = gateReason('baseline-missing', `${rival} was not evaluated`, { against, metric })
    return { outcome: 'failed', bound, measured: 'no comparison', reason }
  }
  const ours = estimateOf(evaluation, metric)
  const theirs = estimateOf(other, metric)
  if (ours === undefined) return metricMissing({ metric, bound, subject: 'the candidate' })
  if (theirs === undefined) return metricMissing({ metric, bound, subject: rival })
  const sign = LOWER_IS_BETTER.includes(metric) ? -1 : 1
  const gain = sign * (ours.value - theirs.value)
  const measured = `${figureText(ours.value)} against ${figureText(theirs.value)}`
  const values = { metric, against, value: ours.value, baseline: theirs.value, gain, margin }
  const passed = isBetterBy(gain, margin)
  const reason = passed
    ? gateReason('baseline-beaten', `${metric} is ${measured} of ${rival}`, values)
    : gateReason(
        'baseline-not-beaten',
        `${metric} is ${measured} of ${rival}: ${bound} is demanded`,
        values,
      )
  return { outcome: passed ? 'passed' : 'failed', bound, measured, reason }
}
