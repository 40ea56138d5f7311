import type { Frame } from '../../core/records/index.ts'
import {
  type FramePartRows,
  type ModelSession,
  type PredictionBatch,
  readFramePart,
} from '../../platform/inference/index.ts'
import type { ArtifactStore, TableEngine } from '../../platform/storage/index.ts'
import { evaluationErrors } from './errors.ts'
import { readTruth, type Truth } from './truth.ts'

/** A model's answers for a part of a frame, with what is true of the rows. */
export interface JudgedPart {
  readonly part: FramePartRows
  readonly truth: Truth
  readonly predictions: PredictionBatch
}

/**
 * Lets a model answer a part of a frame.
 * @throws EVALUATION_EMPTY, EVALUATION_TARGET_UNKNOWN, FRAME_COLUMN_MISSING, PREDICTION_FAILED
 */
export async function judgePart(options: {
  readonly session: ModelSession
  readonly frame: Frame
  readonly part: 'validation' | 'test'
  readonly keep?: readonly string[]
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
}): Promise<JudgedPart> {
  const { session, frame, engine, artifacts, keep = [] } = options
  const path = artifacts.pathOf(frame.parts[options.part].table.digest)
  const part = await readFramePart({ engine, path, inputs: session.signature.inputs, keep })
  if (part.rows === 0) {
    throw evaluationErrors.EVALUATION_EMPTY({ part: options.part, frame: frame.id })
  }
  const truth = readTruth(session.signature, part)
  return { part, truth, predictions: await session.predict(part.batch) }
}
