import { z } from 'zod'
import {
  type Frame,
  LOWER_IS_BETTER,
  METRICS,
  type MetricName,
  type Problem,
} from '../../core/records/index.ts'
import { pairedBootstrap, type Scorer } from '../../core/statistics/index.ts'
import type { ModelSession } from '../../platform/inference/index.ts'
import type { ArtifactStore, TableEngine } from '../../platform/storage/index.ts'
import { evaluationErrors } from './errors.ts'
import { judgePart } from './judge-part.ts'
import { makeScorer } from './make-scorer.ts'

/** A challenger against the champion on the same rows. */
export const pairedComparisonSchema = z.strictObject({
  metric: z.enum(METRICS),
  /** Positive: the challenger is better, whichever way the metric points. */
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  confidence: z.number(),
  /** Rows both models answered. */
  rows: z.number().int(),
})
export type PairedComparison = z.output<typeof pairedComparisonSchema>

/** A model with the threshold it decides by; null when the problem is not binary. */
export interface Contender {
  readonly session: ModelSession
  readonly threshold: number | null
}

export interface ComparePairedOptions {
  readonly champion: Contender
  readonly challenger: Contender
  readonly frame: Frame
  readonly part: 'validation' | 'test'
  readonly metric: MetricName
  readonly confidence: number
  readonly resamples: number
  readonly problem: Problem
  readonly seed: number
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
}

/**
 * The difference between two models on the same rows, with its interval from a paired bootstrap. The
 * models may have different inputs; the frame must hold those of both.
 *
 * @throws FRAME_COLUMN_MISSING when the frame lacks an input of a model.
 * @throws EVALUATION_METRIC_UNDEFINED when the metric cannot be told for both.
 */
export async function comparePaired(options: ComparePairedOptions): Promise<PairedComparison> {
  const { metric, part, confidence, resamples, seed } = options
  const [comparison] = pairedBootstrap({
    a: await scorerOf(options, options.challenger),
    b: await scorerOf(options, options.champion),
    metrics: [metric],
    confidence,
    resamples,
    seed,
  })
  if (comparison === undefined) {
    throw evaluationErrors.EVALUATION_METRIC_UNDEFINED({ metric, part })
  }
  const { difference, low, high, rows } = comparison
  return LOWER_IS_BETTER.includes(metric)
    ? { metric, difference: 0 - difference, low: 0 - high, high: 0 - low, confidence, rows }
    : { metric, difference, low, high, confidence, rows }
}

async function scorerOf(
  { frame, part, engine, artifacts, problem, seed }: ComparePairedOptions,
  { session, threshold }: Contender,
): Promise<Scorer> {
  const { predictions, truth } = await judgePart({ session, frame, part, engine, artifacts })
  const { signature } = session
  return makeScorer(predictions, truth, { signature, value: problem.value, threshold, seed })
}
