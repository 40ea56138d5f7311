import { seededRandom } from '../randomness/index.ts'
import type { Metrics } from '../records/index.ts'
import { definedMetrics } from './defined-metrics.ts'
import { errors } from './errors.ts'
import type { Numbers } from './scorer.ts'

/**
 * Notation
 *   x_i ∈ ℝ^d    row i, row-major [n, d], finite;  c_i ∈ ℕ its cluster;  d(·,·) Euclidean distance
 *   a_i          mean distance to the other rows of its own cluster
 *   b_i          smallest mean distance to the rows of another cluster
 *
 *   silhouette = mean of (b_i − a_i) / max(a_i, b_i), 0 for a row alone in its cluster (Rousseeuw 1987)
 *   inertia    = Σ_i ‖x_i − mean of its cluster‖²
 * The silhouette is exact on a seeded sample of at most `maxRows` rows (O(rows² d)); it needs at
 * least two clusters and more rows than clusters in that sample, else `undefined`.
 */

export interface ClusteredRows {
  /** Row-major [rows, width]. */
  readonly points: Numbers
  readonly width: number
  readonly clusters: Uint16Array
}

function check({ points, width, clusters }: ClusteredRows): void {
  const invalid = (expected: string, got: string) =>
    errors.STATISTICS_INPUT_INVALID({ function: 'scoreClustering', expected, got })
  if (points.length !== clusters.length * width) {
    throw invalid(`${clusters.length} × ${width} numbers`, `${points.length}`)
  }
  const bad = points.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw invalid('finite numbers', `${points[bad]} at ${bad}`)
}

/** `size` of `rows` row numbers without repetition, rising; all when there are no more. */
export function sampleRows(rows: number, size: number, seed: number): Uint32Array {
  const numbers = Uint32Array.from({ length: rows }, (_, row) => row)
  if (rows <= size) return numbers
  const random = seededRandom(seed)
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(random() * (rows - i))
    const chosen = numbers[j] ?? 0
    numbers[j] = numbers[i] ?? 0
    numbers[i] = chosen
  }
  return numbers.slice(0, size).sort()
}

function distance(rows: ClusteredRows, a: number, b: number): number {
  let sum = 0
  for (let k = 0; k < rows.width; k++) {
    const step = (rows.points[a * rows.width + k] ?? 0) - (rows.points[b * rows.width + k] ?? 0)
    sum += step * step
  }
  return Math.sqrt(sum)
}

/** Silhouette of one row, from its summed distances to each cluster. */
function silhouetteOfRow(sums: Float64Array, sizes: Uint32Array, own: number): number {
  const ownSize = sizes[own] ?? 0
  if (ownSize <= 1) return 0
  const within = (sums[own] ?? 0) / (ownSize - 1)
  let nearest = Number.POSITIVE_INFINITY
  sizes.forEach((size, cluster) => {
    if (cluster !== own && size > 0) nearest = Math.min(nearest, (sums[cluster] ?? 0) / size)
  })
  const widest = Math.max(within, nearest)
  return widest === 0 ? 0 : (nearest - within) / widest
}

/** Mean silhouette of a seeded sample; undefined without two clusters. */
export function silhouette(
  rows: ClusteredRows,
  options: { readonly seed: number; readonly maxRows?: number },
): number | undefined {
  check(rows)
  const sample = sampleRows(rows.clusters.length, options.maxRows ?? 2_000, options.seed)
  const sizes = new Uint32Array(rows.clusters.reduce((max, c) => Math.max(max, c), -1) + 1)
  for (const row of sample) {
    const cluster = rows.clusters[row] ?? 0
    sizes[cluster] = (sizes[cluster] ?? 0) + 1
  }
  const clusters = sizes.filter((size) => size > 0).length
  if (clusters < 2 || clusters >= sample.length) return undefined
  let total = 0
  for (const row of sample) {
    const sums = new Float64Array(sizes.length)
    for (const other of sample) {
      const cluster = rows.clusters[other] ?? 0
      sums[cluster] = (sums[cluster] ?? 0) + distance(rows, row, other)
    }
    total += silhouetteOfRow(sums, sizes, rows.clusters[row] ?? 0)
  }
  return total / sample.length
}

/** Sum of squared distances of the rows to the mean of their cluster; undefined without rows. */
export function inertia(rows: ClusteredRows): number | undefined {
  check(rows)
  const { points, width, clusters } = rows
  if (clusters.length === 0) return undefined
  const number = clusters.reduce((max, c) => Math.max(max, c), 0) + 1
  const means = new Float64Array(number * width)
  const sizes = new Float64Array(number)
  clusters.forEach((cluster, row) => {
    const size = (sizes[cluster] ?? 0) + 1
    sizes[cluster] = size
    for (let k = 0; k < width; k++) {
      const cell = cluster * width + k
      const before = means[cell] ?? 0
      means[cell] = before + ((points[row * width + k] ?? 0) - before) / size
    }
  })
  let sum = 0
  clusters.forEach((cluster, row) => {
    for (let k = 0; k < width; k++) {
      sum += ((points[row * width + k] ?? 0) - (means[cluster * width + k] ?? 0)) ** 2
    }
  })
  return sum
}

/** Every clustering metric of the rows; undefined ones are absent. */
export function scoreClustering(rows: ClusteredRows, options: { readonly seed: number }): Metrics {
  return definedMetrics({ silhouette: silhouette(rows, options), inertia: inertia(rows) })
}
