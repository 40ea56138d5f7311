import type { Metrics } from '../records/index.ts'

/**
 * Notation
 *   n        rows
 *   counts   how often each row is taken, length n; a bootstrap resample is a vector of counts
 *   absent   a metric that is not defined on the rows taken is missing from the result, never NaN
 */

/** Real numbers, one a row or row-major; NaN only where a function says so. */
export type Numbers = Float64Array | Float32Array

/** Multiplicity of each row; a row counted 65,535 times is far beyond any resample. */
export type Counts = Uint16Array

/**
 * Predictions and truths made ready once (sorted, binned), so that scoring them again under other
 * counts costs one pass over the rows. The one thing that bootstrap functions know.
 */
export interface Scorer {
  /** Rows, n. */
  readonly rows: number
  /** Metrics by their name in `METRICS`; every row once when `counts` is left out. */
  score(counts?: Counts): Metrics
}
