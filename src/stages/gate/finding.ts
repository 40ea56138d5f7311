import type {
  Criterion,
  CriterionResult,
  Estimate,
  Evaluation,
  MetricName,
  ProblemType,
} from '../../core/records/index.ts'
import { figureText } from '../../core/statistics/index.ts'
import type { PairedComparison } from '../evaluation/index.ts'
import { gateReason } from './gate-reasons.ts'

/** Test evaluations of the candidates every model must be held against. */
export type Baselines = Readonly<Partial<Record<'baseline' | 'simple-rule', Evaluation>>>

/** What a criterion is judged on. */
export interface Evidence {
  readonly evaluation: Evaluation
  readonly baselines: Baselines
  /** Challenger against champion, positive where the challenger is better. */
  readonly comparisons: readonly PairedComparison[]
  /** Version in production; null when there is none yet. */
  readonly championVersion: number | null
  readonly problemType: ProblemType
}

/** What came of one criterion, before it gets its name and level. */
export type Finding = Pick<CriterionResult, 'outcome' | 'bound' | 'measured' | 'reason'>

export type CriterionOf<K extends Criterion['kind']> = Extract<Criterion, { kind: K }>

/** Measured is what a bound needs; differences by rounding alone break none. */
const ROUNDING = 1e-12

export function atLeast(value: number, bound: number): boolean {
  return value >= bound - ROUNDING
}

export function atMost(value: number, bound: number): boolean {
  return value <= bound + ROUNDING
}

export const NOT_MEASURED = 'not measured'

/** A metric of an evaluation; undefined when it is missing or no number. */
export function estimateOf(evaluation: Evaluation, metric: MetricName): Estimate | undefined {
  const estimate =
    evaluation.metrics[metric] ??
    (metric === 'valuePerDecision' ? evaluation.value?.perDecision : undefined)
  return estimate !== undefined && Number.isFinite(estimate.value) ? estimate : undefined
}

export interface Bounds {
  readonly atLeast?: number | undefined
  readonly atMost?: number | undefined
}

/** `≥ 0.7`, `≤ 0.2`, or both. */
export function boundText(bounds: Bounds): string {
  const texts = [
    bounds.atLeast === undefined ? '' : `≥ ${figureText(bounds.atLeast)}`,
    bounds.atMost === undefined ? '' : `≤ ${figureText(bounds.atMost)}`,
  ].filter((text) => text !== '')
  return texts.length === 0 ? 'no bound' : texts.join(' and ')
}

export function withinBounds(value: number, bounds: Bounds): boolean {
  return (
    (bounds.atLeast === undefined || atLeast(value, bounds.atLeast)) &&
    (bounds.atMost === undefined || atMost(value, bounds.atMost))
  )
}

/** A criterion that names a metric but no bound demands nothing, so it cannot pass. */
export function boundMissing(metric: MetricName): Finding {
  return {
    outcome: 'failed',
    bound: 'no bound',
    measured: NOT_MEASURED,
    reason: gateReason('bound-missing', `the criterion for ${metric} names no bound`, { metric }),
  }
}

export function metricMissing(options: {
  readonly metric: MetricName
  readonly bound: string
  /** Whose metric: `the candidate`, `the simple rule`. */
  readonly subject: string
}): Finding {
  const { metric, bound, subject } = options
  return {
    outcome: 'failed',
    bound,
    measured: NOT_MEASURED,
    reason: gateReason(
      'metric-missing',
      `${metric} of ${subject} is not defined on the test rows`,
      {
        metric,
        subject,
      },
    ),
  }
}
