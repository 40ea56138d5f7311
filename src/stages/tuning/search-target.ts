import {
  type CriterionResult,
  METRICS,
  type MetricName,
  type ProblemType,
} from '../../core/records/index.ts'
import { searchMetric } from '../selection/index.ts'

/** Codes of failures that better parameters may mend: something was measured and fell short. */
const MENDABLE_CODES: ReadonlySet<string> = new Set([
  'bound-broken',
  'baseline-not-beaten',
  'champion-not-beaten',
  'champion-not-matched',
  'slices-broken',
  'robustness-exceeded',
])

/**
 * What a search looks at for a metric that depends on the threshold. A search scores at one fixed
 * threshold while the platform chooses it afterwards, so it looks for the best ranking instead.
 */
const THRESHOLD_FREE: Readonly<Partial<Record<MetricName, MetricName>>> = {
  accuracy: 'rocAuc',
  balancedAccuracy: 'rocAuc',
  precision: 'prAuc',
  recall: 'prAuc',
  f1: 'prAuc',
  calibrationError: 'logLoss',
}

/** The metric a criterion speaks of, or undefined for one that has none (latency, size, fairness). */
export function metricOfCriterion(criterion: CriterionResult): MetricName | undefined {
  const { metric } = criterion.reason.values
  return METRICS.find((name) => name === metric)
}

/**
 * True when a search over parameters can move a failed criterion. What is missing (a metric, a
 * baseline, a bound) stays missing, and latency, size and fairness are not what a search looks at.
 */
export function isMendable(criterion: CriterionResult): boolean {
  return MENDABLE_CODES.has(criterion.reason.code) && metricOfCriterion(criterion) !== undefined
}

/** The metric a worker can search by so that the wanted one gets better. */
export function searchTarget(wanted: MetricName, type: ProblemType): MetricName {
  const measurable = searchMetric(wanted, type)
  return type === 'binary-classification' ? (THRESHOLD_FREE[measurable] ?? measurable) : measurable
}
