import type { Metrics, ModelSignature, Problem } from '../../core/records/index.ts'
import {
  binaryScorer,
  type Counts,
  moneyMatrix,
  multiclassScorer,
  regressionScorer,
  type Scorer,
  scoreClustering,
} from '../../core/statistics/index.ts'
import type { PredictionBatch } from '../../platform/inference/index.ts'
import type { Truth } from './truth.ts'

export interface ScoringRules {
  readonly signature: ModelSignature
  readonly value: Problem['value']
  /** "Yes" from this probability on; null when the problem is not binary. */
  readonly threshold: number | null
  readonly seed: number
}

/** The positive class's probability of each row. */
export function positiveScores(predictions: PredictionBatch, positive: number): Float64Array {
  const { rows, width, output } = predictions
  return Float64Array.from({ length: rows }, (_, row) => output[row * width + positive] ?? 0)
}

/** Makes a model's answers ready to be scored against what is true of the same rows. */
export function makeScorer(
  predictions: PredictionBatch,
  truth: Truth,
  rules: ScoringRules,
): Scorer {
  const { value } = rules
  switch (truth.kind) {
    case 'binary':
      return binaryScorer({
        labels: truth.labels,
        scores: positiveScores(predictions, truth.positive),
        threshold: rules.threshold ?? 0.5,
        ...(value !== undefined && 'truePositive' in value ? { money: value } : {}),
      })
    case 'multiclass': {
      const { classes } = rules.signature
      return multiclassScorer({
        labels: truth.labels,
        probabilities: predictions.output,
        classes: classes.length,
        ...(value !== undefined && 'matrix' in value
          ? { money: moneyMatrix(value.matrix, classes) }
          : {}),
      })
    }
    case 'value':
      return regressionScorer({
        truths: truth.values,
        predictions: predictions.output,
        ...(value !== undefined && 'perUnitOfError' in value ? { money: value } : {}),
      })
    case 'points':
      return clusterScorer(truth, predictions, rules.seed)
  }
}

/** Clusters are judged by the rows that are counted at all, however often. */
function clusterScorer(
  { points, width }: Extract<Truth, { kind: 'points' }>,
  predictions: PredictionBatch,
  seed: number,
): Scorer {
  const clusters = Uint16Array.from(predictions.output)
  return {
    rows: clusters.length,
    score(counts?: Counts): Metrics {
      if (counts === undefined) return scoreClustering({ points, width, clusters }, { seed })
      const rows = [...clusters.keys()].filter((row) => (counts[row] ?? 0) > 0)
      const chosen = new Float64Array(rows.length * width)
      rows.forEach((row, i) => {
        chosen.set(points.subarray(row * width, (row + 1) * width), i * width)
      })
      const own = Uint16Array.from(rows, (row) => clusters[row] ?? 0)
      return scoreClustering({ points: chosen, width, clusters: own }, { seed })
    },
  }
}
