import { type Random, seededRandom } from '../randomness/index.ts'
import type { Estimate } from '../records/index.ts'
import { quantileOfSorted, sortedValues } from './quantiles.ts'
import type { Counts, Scorer } from './scorer.ts'

/**
 * Notation
 *   B            resamples;  c⁽ᵇ⁾ ~ Multinomial(n; 1/n, …, 1/n) counts of the rows in resample b
 *   θ, θ⁽ᵇ⁾      metric on the rows, and on resample b
 *   [low, high]  quantiles (1 − confidence)/2 and (1 + confidence)/2 of θ⁽¹⁾ … θ⁽ᴮ⁾
 * Percentile interval of Efron (1979). A resample on which the metric is undefined (one class only)
 * is left out; when fewer than half of them remain the interval is null. Rows are taken as
 * independent; when they are not, intervals are too narrow.
 * Cost: the scorer sorts once, each resample is O(n).
 */

export interface BootstrapOptions {
  /** Number of resamples, B. */
  readonly resamples: number
  /** Share of resamples inside the interval, such as 0.95. */
  readonly confidence: number
  readonly seed: number
}

/** Draws `counts.length` rows with repetition into `counts`. */
export function drawCounts(counts: Counts, random: Random): void {
  const rows = counts.length
  counts.fill(0)
  for (let draw = 0; draw < rows; draw++) {
    const row = Math.floor(random() * rows)
    counts[row] = (counts[row] ?? 0) + 1
  }
}

/** Percentile interval of resampled values; nulls when fewer than half of the resamples are defined. */
export function percentileInterval(
  values: readonly number[],
  options: BootstrapOptions,
): { readonly low: number | null; readonly high: number | null } {
  if (values.length === 0 || values.length * 2 < options.resamples) return { low: null, high: null }
  const sorted = sortedValues(values)
  const tail = (1 - options.confidence) / 2
  return {
    low: quantileOfSorted(sorted, tail) ?? null,
    high: quantileOfSorted(sorted, 1 - tail) ?? null,
  }
}

/** Every metric of a scorer with its bootstrap interval; metrics undefined on the rows are absent. */
export function bootstrapMetrics(
  scorer: Scorer,
  options: BootstrapOptions,
): Record<string, Estimate> {
  const metrics = scorer.score()
  const names = Object.keys(metrics)
  const values = new Map<string, number[]>(names.map((name) => [name, []]))
  const counts = new Uint16Array(scorer.rows)
  const random = seededRandom(options.seed)
  for (let b = 0; b < options.resamples && names.length > 0; b++) {
    drawCounts(counts, random)
    for (const [name, value] of Object.entries(scorer.score(counts))) values.get(name)?.push(value)
  }
  const estimates: Record<string, Estimate> = {}
  for (const [name, value] of Object.entries(metrics)) {
    estimates[name] = { value, ...percentileInterval(values.get(name) ?? [], options) }
  }
  return estimates
}
