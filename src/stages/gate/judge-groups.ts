import type { Evaluation, Slice } from '../../core/records/index.ts'
import { figureText } from '../../core/statistics/index.ts'
import {
  atMost,
  boundMissing,
  boundText,
  type CriterionOf,
  type Evidence,
  type Finding,
  NOT_MEASURED,
  withinBounds,
} from './finding.ts'
import { gateReason } from './gate-reasons.ts'

/**
 * Notation
 *   g          judged groups of a column (those with enough rows)
 *   rate(g)    selection rate, true or false positive rate of the group; null rates are left out
 *   gap        max rate(g) − min rate(g)
 *   demographic parity = gap of selection rates; equal opportunity = gap of true positive rates
 *   equalized odds     = larger of the gaps of true and of false positive rates (Hardt et al. 2016)
 * A gap needs two groups with a rate; with fewer there is nothing to compare: not applicable.
 */
type Group = Evaluation['fairness'][number]['groups'][number]
type FairnessCriterion = CriterionOf<'fairness'>

function gap(rates: readonly (number | null)[]): number | undefined {
  const known = rates.filter((rate) => rate !== null)
  return known.length < 2 ? undefined : Math.max(...known) - Math.min(...known)
}

function gapOf(
  groups: readonly Group[],
  measure: FairnessCriterion['measure'],
): number | undefined {
  const ofTrue = gap(groups.map((group) => group.truePositiveRate))
  if (measure === 'demographic-parity') return gap(groups.map((group) => group.selectionRate))
  if (measure === 'equal-opportunity') return ofTrue
  const ofFalse = gap(groups.map((group) => group.falsePositiveRate))
  return ofTrue === undefined || ofFalse === undefined ? undefined : Math.max(ofTrue, ofFalse)
}

function notMeasured(column: string, bound: string): Finding {
  const message = `groups of ${column} were not measured`
  const reason = gateReason('column-not-measured', message, { column })
  return { outcome: 'failed', bound, measured: NOT_MEASURED, reason }
}

function tooSmall(column: string, bound: string): Finding {
  const message = `too few groups of ${column} have enough rows to be judged`
  const reason = gateReason('groups-too-small', message, { column })
  return { outcome: 'not-applicable', bound, measured: 'too few rows', reason }
}

/** Largest gap between judged groups of a column. */
export function judgeFairness(criterion: FairnessCriterion, { evaluation }: Evidence): Finding {
  const { column, measure } = criterion
  const bound = `gap ≤ ${figureText(criterion.atMost)}`
  const fairness = evaluation.fairness.find((entry) => entry.column === column)
  if (fairness === undefined) return notMeasured(column, bound)
  const judged = fairness.groups.filter((group) => group.judged)
  const measuredGap = gapOf(judged, measure)
  if (measuredGap === undefined) return tooSmall(column, bound)
  const measured = figureText(measuredGap)
  const passed = atMost(measuredGap, criterion.atMost)
  const message = `the gap of ${measure} between ${judged.length} groups of ${column} is ${measured}, at most ${figureText(criterion.atMost)} is demanded`
  const values = {
    column,
    measure,
    gap: measuredGap,
    atMost: criterion.atMost,
    groups: judged.length,
  }
  const reason = gateReason(passed ? 'fairness-kept' : 'fairness-exceeded', message, values)
  return { outcome: passed ? 'passed' : 'failed', bound, measured, reason }
}

interface MeasuredSlice {
  readonly value: string
  readonly figure: number
}

/** The slice furthest on the wrong side of the bounds, or nearest to it. */
function worstSlice(slices: readonly MeasuredSlice[], criterion: CriterionOf<'slice'>) {
  const shortfall = ({ figure }: MeasuredSlice) =>
    Math.max(
      criterion.atLeast === undefined ? Number.NEGATIVE_INFINITY : criterion.atLeast - figure,
      criterion.atMost === undefined ? Number.NEGATIVE_INFINITY : figure - criterion.atMost,
    )
  return [...slices].sort((a, b) => shortfall(b) - shortfall(a))[0]
}

function sliceMetricMissing(
  criterion: CriterionOf<'slice'>,
  slices: readonly Slice[],
  bound: string,
): Finding {
  const { column, metric } = criterion
  const names = slices.map((slice) => slice.value).join(', ')
  const message = `${metric} is not defined in these slices of ${column}: ${names}`
  const values = { column, metric, slices: names }
  const reason = gateReason('slice-metric-missing', message, values)
  return { outcome: 'failed', bound, measured: NOT_MEASURED, reason }
}

/** The worst judged slice of a column. */
export function judgeSlice(criterion: CriterionOf<'slice'>, { evaluation }: Evidence): Finding {
  const { column, metric } = criterion
  if (criterion.atLeast === undefined && criterion.atMost === undefined) return boundMissing(metric)
  const bound = boundText(criterion)
  const slices = evaluation.slices.filter((slice) => slice.column === column)
  if (slices.length === 0) return notMeasured(column, bound)
  const judged = slices.filter((slice) => slice.judged)
  const measurable = judged.flatMap(({ value, metrics }): MeasuredSlice[] => {
    const figure = metrics[metric]
    return figure !== undefined && Number.isFinite(figure) ? [{ value, figure }] : []
  })
  if (measurable.length < judged.length) {
    const known = new Set(measurable.map((slice) => slice.value))
    const missing = judged.filter((slice) => !known.has(slice.value))
    return sliceMetricMissing(criterion, missing, bound)
  }
  const worst = worstSlice(measurable, criterion)
  if (worst === undefined) return tooSmall(column, bound)
  const measured = `${figureText(worst.figure)} for ${column} ${worst.value}`
  const passed = withinBounds(worst.figure, criterion)
  const values = { column, metric, slice: worst.value, value: worst.figure, slices: judged.length }
  const message = `the worst ${metric} of ${judged.length} slices is ${measured}, ${bound} is demanded`
  const reason = gateReason(passed ? 'slices-kept' : 'slices-broken', message, {
    ...values,
    bound,
  })
  return { outcome: passed ? 'passed' : 'failed', bound, measured, reason }
}
