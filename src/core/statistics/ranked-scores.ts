import { errors } from './errors.ts'
import type { Counts, Numbers } from './scorer.ts'

/**
 * Notation
 *   y_i ∈ {0, 1}   label of row i
 *   s_i ∈ ℝ        score of row i; larger means "more likely 1"; must be finite
 *   π              order of the rows by falling score; equal scores form one tie group
 * Sorting costs O(n log n) once; every rank metric after it is O(n).
 * Empty input is allowed and gives an empty ranking.
 */

/** Binary predictions in falling order of score. */
export interface RankedScores {
  readonly rows: number
  /** Row number at each rank. */
  readonly order: Uint32Array
  /** Score at each rank, falling. */
  readonly scores: Float64Array
  /** Label at each rank, 0 or 1. */
  readonly labels: Uint8Array
  /** 1 where the next rank has another score, so a tie group ends here. */
  readonly groupEnds: Uint8Array
}

function checkBinary(labels: Uint8Array, scores: Numbers): void {
  const name = 'rankScores'
  if (labels.length !== scores.length) {
    throw errors.STATISTICS_INPUT_INVALID({
      function: name,
      expected: `as many scores as labels (${labels.length})`,
      got: `${scores.length}`,
    })
  }
  const score = scores.findIndex((value) => !Number.isFinite(value))
  if (score >= 0) {
    throw errors.STATISTICS_INPUT_INVALID({
      function: name,
      expected: 'finite scores',
      got: `${scores[score]} in row ${score}`,
    })
  }
  const label = labels.findIndex((value) => value > 1)
  if (label >= 0) {
    throw errors.STATISTICS_INPUT_INVALID({
      function: name,
      expected: 'labels 0 or 1',
      got: `${labels[label]} in row ${label}`,
    })
  }
}

/**
 * Sorts binary predictions once.
 * @throws STATISTICS_INPUT_INVALID for unequal lengths, labels other than 0 and 1, NaN or infinite scores.
 */
export function rankScores(labels: Uint8Array, scores: Numbers): RankedScores {
  checkBinary(labels, scores)
  const rows = labels.length
  const order = Uint32Array.from({ length: rows }, (_, row) => row)
  order.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
  const sortedScores = new Float64Array(rows)
  const sortedLabels = new Uint8Array(rows)
  const groupEnds = new Uint8Array(rows)
  for (let rank = 0; rank < rows; rank++) {
    const row = order[rank] ?? 0
    sortedScores[rank] = scores[row] ?? 0
    sortedLabels[rank] = labels[row] ?? 0
  }
  for (let rank = 0; rank < rows; rank++) {
    groupEnds[rank] = rank === rows - 1 || sortedScores[rank] !== sortedScores[rank + 1] ? 1 : 0
  }
  return { rows, order, scores: sortedScores, labels: sortedLabels, groupEnds }
}

/** Counts of rows, put into the order of the ranking; ones when absent. */
export function countsByRank(ranked: RankedScores, counts?: Counts): Counts {
  const byRank = new Uint16Array(ranked.rows)
  if (counts === undefined) return byRank.fill(1)
  if (counts.length !== ranked.rows) {
    throw errors.STATISTICS_INPUT_INVALID({
      function: 'countsByRank',
      expected: `${ranked.rows} counts`,
      got: `${counts.length}`,
    })
  }
  for (let rank = 0; rank < ranked.rows; rank++) {
    byRank[rank] = counts[ranked.order[rank] ?? 0] ?? 0
  }
  return byRank
}

/** Number of ranks whose score is at least `threshold`: the rows decided "yes". */
export function ranksAtLeast(ranked: RankedScores, threshold: number): number {
  let low = 0
  let high = ranked.rows
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranked.scores[middle] ?? 0) >= threshold) low = middle + 1
    else high = middle
  }
  return low
}
