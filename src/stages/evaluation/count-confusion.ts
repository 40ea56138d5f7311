import { mostLikely, multiclassConfusion } from '../../core/statistics/index.ts'
import type { PredictionBatch } from '../../platform/inference/index.ts'
import { positiveScores } from './make-scorer.ts'
import type { Truth } from './truth.ts'

/**
 * Rows by actual class and decided class, in the order of the model's classes; empty for problems
 * without classes. A binary decision is "yes" from the threshold on, else the most likely class.
 */
export function countConfusion(
  predictions: PredictionBatch,
  truth: Truth,
  threshold: number | null,
): number[][] {
  if (truth.kind === 'value' || truth.kind === 'points') return []
  const classes = predictions.width
  const { labels, decided } =
    truth.kind === 'binary'
      ? binaryDecisions(predictions, truth, threshold ?? 0.5)
      : { labels: truth.labels, decided: mostLikely(predictions.output, classes) }
  const cells = multiclassConfusion({ labels, decided, classes })
  return Array.from({ length: classes }, (_, actual) => [
    ...cells.subarray(actual * classes, (actual + 1) * classes),
  ])
}

function binaryDecisions(
  predictions: PredictionBatch,
  truth: Extract<Truth, { kind: 'binary' }>,
  threshold: number,
) {
  const { positive } = truth
  const place = (yes: boolean) => (yes ? positive : 1 - positive)
  return {
    labels: Uint16Array.from(truth.labels, (label) => place(label === 1)),
    decided: Uint16Array.from(positiveScores(predictions, positive), (score) =>
      place(score >= threshold),
    ),
  }
}
