import type { RankedScores } from './ranked-scores.ts'

/**
 * Notation
 *   (FPR_g, TPR_g)         share of negatives and of positives with a score at least that of tie group g
 *   (recall_g, precision_g) recall and precision when every row from the top to group g is "yes"
 * ROC runs from [0, 0] to [1, 1]. Precision–recall starts at [0, 1], as scikit-learn draws it.
 * Curves are thinned to at most 200 points, evenly by their length |Δx| + |Δy|; ends always stay.
 * ROC without both classes, precision–recall without positives: an empty curve.
 */

export const MAX_CURVE_POINTS = 200

type Point = [number, number]

/** Thins a curve to at most `limit` points, evenly along its length. */
export function thinCurve(points: readonly Point[], limit: number = MAX_CURVE_POINTS): Point[] {
  if (points.length <= limit) return [...points]
  const lengths = new Float64Array(points.length)
  for (let i = 1; i < points.length; i++) {
    const [x, y] = points[i] ?? [0, 0]
    const [beforeX, beforeY] = points[i - 1] ?? [0, 0]
    lengths[i] = (lengths[i - 1] ?? 0) + Math.abs(x - beforeX) + Math.abs(y - beforeY)
  }
  const total = lengths[points.length - 1] ?? 0
  const kept: Point[] = []
  let due = 0
  points.forEach((point, i) => {
    const last = i === points.length - 1
    if (last || (kept.length < limit - 1 && (lengths[i] ?? 0) >= due)) {
      kept.push(point)
      due = (kept.length / (limit - 1)) * total
    }
  })
  return kept
}

function cumulated(
  ranked: RankedScores,
  draw: (truePositive: number, falsePositive: number) => void,
) {
  let truePositive = 0
  let falsePositive = 0
  for (let rank = 0; rank < ranked.rows; rank++) {
    if (ranked.labels[rank] === 1) truePositive++
    else falsePositive++
    if (ranked.groupEnds[rank] === 1) draw(truePositive, falsePositive)
  }
  return { positives: truePositive, negatives: falsePositive }
}

/** [false positive rate, true positive rate], from [0, 0] to [1, 1]. */
export function rocCurve(ranked: RankedScores): Point[] {
  const points: Point[] = [[0, 0]]
  const { positives, negatives } = cumulated(ranked, (truePositive, falsePositive) =>
    points.push([falsePositive, truePositive]),
  )
  if (positives === 0 || negatives === 0) return []
  return thinCurve(points.map(([x, y]) => [x / negatives, y / positives]))
}

/** [recall, precision], by rising recall, from [0, 1]. */
export function precisionRecallCurve(ranked: RankedScores): Point[] {
  const points: Point[] = []
  const { positives } = cumulated(ranked, (truePositive, falsePositive) =>
    points.push([truePositive, truePositive / (truePositive + falsePositive)]),
  )
  if (positives === 0) return []
  return thinCurve([[0, 1], ...points.map(([x, y]): Point => [x / positives, y])])
}
