import type { Frame, ModelSignature, Reference } from '../../core/records/index.ts'
import {
  frequentCategories,
  mostLikely,
  numberShares,
  quantileEdges,
  textShares,
} from '../../core/statistics/index.ts'
import {
  type ModelSession,
  type PredictionBatch,
  readFramePart,
} from '../../platform/inference/index.ts'
import type { ArtifactStore, TableEngine } from '../../platform/storage/index.ts'
import { positiveScores } from './make-scorer.ts'
import { positiveColumn } from './truth.ts'

const REFERENCE_CATEGORIES = 100

export interface ReferenceOptions {
  readonly session: ModelSession
  readonly frame: Frame
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
}

/**
 * How the training rows were spread, input by input, and what the model says to them: ten bins of
 * equal frequency for numbers, at most a hundred categories for texts. Monitors compare with it.
 */
export async function buildReference(options: ReferenceOptions): Promise<Reference> {
  const { session, frame, engine, artifacts } = options
  const { signature } = session
  const path = artifacts.pathOf(frame.parts.train.table.digest)
  const { rows, batch } = await readFramePart({ engine, path, inputs: signature.inputs })
  const inputs = signature.inputs.map(({ name }): Reference['inputs'][number] => {
    const column = batch.columns[name] ?? []
    if (column instanceof Float32Array) {
      const edges = quantileEdges(column)
      const { shares, missingShare } = numberShares(column, edges)
      return { kind: 'number', name, edges, shares, missingShare }
    }
    const categories = frequentCategories(column, REFERENCE_CATEGORIES)
    const { shares, otherShare, missingShare } = textShares(column, categories)
    return { kind: 'text', name, categories, shares, otherShare, missingShare }
  })
  return { inputs, prediction: predictionShares(await session.predict(batch), signature), rows }
}

/** Bins of the answers: positive probability, value, or one bin for each class or cluster. */
function predictionShares(
  predictions: PredictionBatch,
  signature: ModelSignature,
): Reference['prediction'] {
  if (predictions.rows === 0) return null
  switch (signature.problemType) {
    case 'binary-classification': {
      const scores = positiveScores(predictions, positiveColumn(signature))
      return sharesBy(scores, quantileEdges(scores))
    }
    case 'regression':
      return sharesBy(predictions.output, quantileEdges(predictions.output))
    case 'multiclass-classification': {
      const decided = Float64Array.from(mostLikely(predictions.output, predictions.width))
      return sharesBy(decided, edgesBetween(predictions.width))
    }
    case 'clustering': {
      const clusters = predictions.output.reduce((most, cluster) => Math.max(most, cluster), 0) + 1
      return sharesBy(predictions.output, edgesBetween(clusters))
    }
  }
}

function sharesBy(values: Float64Array | Float32Array, edges: readonly number[]) {
  return { edges: [...edges], shares: numberShares(values, edges).shares }
}

/** Edges half-way between whole numbers: bin k holds k. */
function edgesBetween(count: number): number[] {
  return Array.from({ length: count - 1 }, (_, k) => k + 0.5)
}
