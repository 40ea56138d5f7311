import { figureText } from '../../core/statistics/index.ts'
import type { PairedComparison } from '../evaluation/index.ts'
import { atLeast, type CriterionOf, type Evidence, type Finding } from './finding.ts'
import { gateReason } from './gate-reasons.ts'

function boundOf({ test, margin, confidence }: CriterionOf<'champion'>): string {
  const sure = `with ${figureText(confidence * 100)} % confidence`
  if (test === 'superior') {
    return `better than the champion${margin === 0 ? '' : ` by more than ${figureText(margin)}`} ${sure}`
  }
  return `not worse than the champion${margin === 0 ? '' : ` by more than ${figureText(margin)}`} ${sure}`
}

function passes(criterion: CriterionOf<'champion'>, comparison: PairedComparison): boolean {
  return criterion.test === 'superior'
    ? comparison.low > criterion.margin
    : // An equal of the champion, such as the champion itself, is not inferior.
      atLeast(comparison.low, -criterion.margin)
}

/**
 * Against the version in production, by the interval of the paired difference (positive: the
 * challenger is better, whichever way the metric points).
 */
export function judgeChampion(
  criterion: CriterionOf<'champion'>,
  { comparisons, championVersion }: Evidence,
): Finding {
  const { metric, test, margin, confidence } = criterion
  const bound = boundOf(criterion)
  if (championVersion === null) {
    const message = 'no version is in production yet, so there is no champion to compare with'
    const reason = gateReason('no-champion', message, { metric })
    return { outcome: 'not-applicable', bound, measured: 'no champion', reason }
  }
  const champion = `version ${championVersion}`
  const comparison = comparisons.find((c) => c.metric === metric && c.confidence === confidence)
  if (comparison === undefined) {
    const message = `${metric} was not compared with ${champion} at ${figureText(confidence * 100)} % confidence`
    const values = { metric, confidence, champion: championVersion }
    const reason = gateReason('comparison-missing', message, values)
    return { outcome: 'failed', bound, measured: 'no comparison', reason }
  }
  const { difference, low, high } = comparison
  const measured = `${figureText(difference)} (${figureText(low)} to ${figureText(high)})`
  const values = {
    metric,
    test,
    margin,
    confidence,
    difference,
    low,
    high,
    champion: championVersion,
  }
  const passed = passes(criterion, comparison)
  const lead = `the lead over ${champion} in ${metric} is ${measured}`
  const codes =
    test === 'superior'
      ? (['champion-beaten', 'champion-not-beaten'] as const)
      : (['champion-matched', 'champion-not-matched'] as const)
  const reason = passed
    ? gateReason(codes[0], lead, values)
    : gateReason(codes[1], `${lead}; demanded is: ${bound}`, values)
  return { outcome: passed ? 'passed' : 'failed', bound, measured, reason }
}
