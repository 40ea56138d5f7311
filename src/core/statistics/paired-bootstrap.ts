import { seededRandom } from '../randomness/index.ts'
import { LOWER_IS_BETTER, type MetricName } from '../records/index.ts'
import { type BootstrapOptions, drawCounts, percentileInterval } from './bootstrap-metrics.ts'
import { errors } from './errors.ts'
import type { Scorer } from './scorer.ts'

/**
 * Notation
 *   a, b          two models scored on the same n rows, row i of the one being row i of the other
 *   Δ = θ_a − θ_b the difference in the metric's own unit and direction
 *   Δ⁽ᵇ⁾          the same on resample b; both models see the same counts, so what makes a row hard
 *                 for both cancels out
 *   [low, high]   percentile interval of Δ⁽ᵇ⁾
 *   pBetter       share of resamples in which a is better (in the metric's direction), ties as half
 * A metric undefined for either model on the rows, or on more than half of the resamples, is left out.
 * Source: Efron & Tibshirani (1993), chapter 16; Koehn (2004) for paired resampling.
 */

/** How model a differs from model b in one metric. */
export interface PairedComparison {
  readonly metric: MetricName
  /** a − b, in the metric's unit: positive is better only where larger is better. */
  readonly difference: number
  readonly low: number
  readonly high: number
  readonly confidence: number
  /** Share of resamples in which a is better. */
  readonly pBetter: number
  readonly rows: number
}

function shareBetter(differences: readonly number[], metric: MetricName): number {
  const sign = LOWER_IS_BETTER.includes(metric) ? -1 : 1
  const wins = differences.reduce((sum, d) => sum + (d * sign > 0 ? 1 : d === 0 ? 0.5 : 0), 0)
  return wins / differences.length
}

function resampledDifferences(
  options: BootstrapOptions & {
    readonly a: Scorer
    readonly b: Scorer
    readonly metrics: readonly MetricName[]
  },
): Map<MetricName, number[]> {
  const differences = new Map<MetricName, number[]>(options.metrics.map((name) => [name, []]))
  const counts = new Uint16Array(options.a.rows)
  const random = seededRandom(options.seed)
  for (let resample = 0; resample < options.resamples; resample++) {
    drawCounts(counts, random)
    const ofA = options.a.score(counts)
    const ofB = options.b.score(counts)
    for (const [name, list] of differences) {
      const valueA = ofA[name]
      const valueB = ofB[name]
      if (valueA !== undefined && valueB !== undefined) list.push(valueA - valueB)
    }
  }
  return differences
}

/**
 * Compares two models on the same rows.
 * @throws STATISTICS_INPUT_INVALID when they were scored on unequal numbers of rows.
 */
export function pairedBootstrap(
  options: BootstrapOptions & {
    readonly a: Scorer
    readonly b: Scorer
    readonly metrics: readonly MetricName[]
  },
): PairedComparison[] {
  if (options.a.rows !== options.b.rows) {
    throw errors.STATISTICS_INPUT_INVALID({
      function: 'pairedBootstrap',
      expected: `${options.a.rows} rows for both models`,
      got: `${options.b.rows}`,
    })
  }
  const ofA = options.a.score()
  const ofB = options.b.score()
  const metrics = [...new Set(options.metrics)].filter(
    (name) => ofA[name] !== undefined && ofB[name] !== undefined,
  )
  if (metrics.length === 0) return []
  const comparisons: PairedComparison[] = []
  for (const [metric, differences] of resampledDifferences({ ...options, metrics })) {
    const { low, high } = percentileInterval(differences, options)
    if (low === null || high === null) continue
    comparisons.push({
      metric,
      difference: (ofA[metric] ?? 0) - (ofB[metric] ?? 0),
      low,
      high,
      confidence: options.confidence,
      pBetter: shareBetter(differences, metric),
      rows: options.a.rows,
    })
  }
  return comparisons
}
