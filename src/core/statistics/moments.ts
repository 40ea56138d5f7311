import type { Numbers } from './scorer.ts'

/**
 * Notation
 *   m_k = m_{k−1} + (x_k − m_{k−1}) / k,   S_k = S_{k−1} + (x_k − m_{k−1})(x_k − m_k)
 *   mean = m_n,   variance = S_n / (n − 1)   (sample variance; 0 for one value)
 * Welford (1962): one pass, no loss of digits for large means. NaN values are left out; without
 * values `undefined`.
 */

export interface Moments {
  /** Values that were no NaN. */
  readonly count: number
  readonly mean: number
  /** Sample variance, in squared units. */
  readonly variance: number
}

export function moments(values: Numbers | readonly number[]): Moments | undefined {
  let count = 0
  let mean = 0
  let squares = 0
  for (const value of values) {
    if (Number.isNaN(value)) continue
    count++
    const step = value - mean
    mean += step / count
    squares += step * (value - mean)
  }
  if (count === 0) return undefined
  return { count, mean, variance: count === 1 ? 0 : squares / (count - 1) }
}
