import { permutationImportance } from '../../assurance/explainability/index.ts'
import { contentId } from '../../core/identity/index.ts'
import {
  type ArtifactRef,
  type Evaluation,
  type EvaluationPolicy,
  type Frame,
  LOWER_IS_BETTER,
  type MetricName,
  type Problem,
  type Run,
} from '../../core/records/index.ts'
import { bootstrapMetrics, type Scorer } from '../../core/statistics/index.ts'
import type { ModelSession } from '../../platform/inference/index.ts'
import type { ArtifactStore, TableEngine } from '../../platform/storage/index.ts'
import { defaultRankingMetric } from '../selection/index.ts'
import { chooseThreshold } from './choose-threshold.ts'
import { countConfusion } from './count-confusion.ts'
import { type BinaryScores, drawCurves } from './draw-curves.ts'
import { type JudgedPart, judgePart } from './judge-part.ts'
import { makeScorer, positiveScores, type ScoringRules } from './make-scorer.ts'
import { measureFairness } from './measure-fairness.ts'
import { measureLatency } from './measure-latency.ts'
import { measureRobustness } from './measure-robustness.ts'
import { measureSlices } from './measure-slices.ts'
import { takeSample } from './sample.ts'
import { writePredictions } from './write-predictions.ts'

/** Rows on which inputs are shuffled; judging clusters costs the square of the rows. */
const IMPORTANCE_ROWS = 5_000
const IMPORTANCE_ROWS_OF_CLUSTERS = 1_000

export interface EvaluateOptions {
  readonly session: ModelSession
  readonly run: Run
  readonly frame: Frame
  readonly part: 'validation' | 'test'
  readonly problem: Problem
  readonly policy: EvaluationPolicy
  /** Probability from which the answer is "yes". Absent: the policy's, chosen on validation rows. */
  readonly threshold?: number
  /** `ranking` leaves out what takes long: intervals, robustness, latency, importance. */
  readonly depth: 'ranking' | 'full'
  /** The metric that importance is measured by. Default: `defaultRankingMetric`. */
  readonly rankingMetric?: MetricName
  readonly seed: number
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
  readonly onProgress?: (share: number, message: string) => void
}

/**
 * Stage 7: judges the served file, through the serving engine, on rows it has never seen. Every
 * figure but latency is the same for the same inputs.
 *
 * @throws EVALUATION_EMPTY, EVALUATION_TARGET_UNKNOWN, EVALUATION_POSITIVE_CLASS_UNKNOWN,
 *   FRAME_COLUMN_MISSING, PREDICTION_FAILED
 */
export async function evaluateModel(options: EvaluateOptions): Promise<Evaluation> {
  const { session, run, frame, part, problem, policy, depth, seed, engine, artifacts } = options
  const progress = options.onProgress ?? (() => undefined)
  progress(0, 'predicting')
  const judged = await judgePart({
    session,
    frame,
    part,
    keep: groupColumns(policy),
    engine,
    artifacts,
  })
  const validation = await scoresOfValidation(options, judged)
  const threshold = thresholdFor(options, validation)
  const rules: ScoringRules = {
    signature: session.signature,
    value: problem.value,
    threshold,
    seed,
  }
  const scorer = makeScorer(judged.predictions, judged.truth, rules)
  progress(0.2, 'measuring')
  const metrics = estimate(scorer, judged, options)
  const binary = binaryScores(judged)
  const deep = depth === 'full' ? await lookDeeper(options, judged, rules) : SHALLOW
  progress(0.95, 'keeping predictions')
  const predictions = await keepPredictions(options, judged)
  return {
    id: evaluationId(options, threshold),
    run: run.id,
    candidate: run.candidate,
    part,
    rows: judged.part.rows,
    threshold,
    metrics,
    confusion: countConfusion(judged.predictions, judged.truth, threshold),
    value: moneyOf(problem, metrics),
    curves: binary === undefined ? null : drawCurves(binary, validation, problem.value),
    slices: measureSlices(scorer, judged.part, policy),
    fairness:
      binary === undefined || threshold === null
        ? []
        : measureFairness({ ...binary, threshold }, judged.part, policy),
    ...deep,
    predictions,
  }
}

function keepPredictions(
  { session, run, part: name, engine, artifacts }: EvaluateOptions,
  { part, predictions }: JudgedPart,
): Promise<ArtifactRef> {
  return writePredictions({
    part,
    predictions,
    signature: session.signature,
    name: `predictions-${run.candidate}-${name}.parquet`,
    engine,
    artifacts,
  })
}

type Deep = Pick<Evaluation, 'robustness' | 'latency' | 'importance'>

const SHALLOW: Deep = { robustness: [], latency: null, importance: [] }

function groupColumns(policy: EvaluationPolicy): string[] {
  return [...new Set([...policy.slices, ...(policy.fairness?.groups ?? [])])]
}

function evaluationId(options: EvaluateOptions, threshold: number | null): string {
  const { session, run, frame, part, depth, policy, problem, seed } = options
  return contentId('evaluation', {
    run: run.id,
    model: session.digest,
    frame: frame.id,
    part,
    depth,
    threshold,
    policy,
    value: problem.value,
    metric: options.rankingMetric,
    seed,
  })
}

function binaryScores({ truth, predictions }: JudgedPart): BinaryScores | undefined {
  if (truth.kind !== 'binary') return undefined
  return { labels: truth.labels, scores: positiveScores(predictions, truth.positive) }
}

/** The validation rows' answers, when a threshold must be chosen or the value curve be drawn. */
async function scoresOfValidation(
  options: EvaluateOptions,
  judged: JudgedPart,
): Promise<BinaryScores | undefined> {
  if (judged.truth.kind !== 'binary' || options.part === 'validation') return binaryScores(judged)
  const fixed = options.threshold !== undefined || typeof options.policy.threshold === 'number'
  if (fixed && options.depth === 'ranking') return undefined
  const { session, frame, engine, artifacts } = options
  return binaryScores(await judgePart({ session, frame, part: 'validation', engine, artifacts }))
}

function thresholdFor(
  options: EvaluateOptions,
  validation: BinaryScores | undefined,
): number | null {
  const { problem, policy } = options
  if (problem.type !== 'binary-classification') return null
  if (options.threshold !== undefined) return options.threshold
  if (typeof policy.threshold === 'number') return policy.threshold
  const { labels, scores } = validation ?? { labels: new Uint8Array(), scores: new Float64Array() }
  const { value } = problem
  return chooseThreshold({ policy: policy.threshold, value, labels, scores }).threshold
}

/** Metrics with their intervals; clusters are judged on a sample already and have none. */
function estimate(
  scorer: Scorer,
  judged: JudgedPart,
  { depth, policy, seed }: EvaluateOptions,
): Evaluation['metrics'] {
  if (depth === 'full' && judged.truth.kind !== 'points') {
    return bootstrapMetrics(scorer, { ...policy.bootstrap, seed })
  }
  return Object.fromEntries(
    Object.entries(scorer.score()).map(([name, value]) => [name, { value, low: null, high: null }]),
  )
}

function moneyOf(problem: Problem, metrics: Evaluation['metrics']): Evaluation['value'] {
  const perDecision = metrics.valuePerDecision
  if (problem.value === undefined || perDecision === undefined) return null
  const { currency, decisionsPerMonth } = problem.value
  return { currency, perDecision, perMonth: perDecision.value * decisionsPerMonth }
}

async function lookDeeper(
  options: EvaluateOptions,
  judged: JudgedPart,
  rules: ScoringRules,
): Promise<Deep> {
  const { session, run, policy, seed, artifacts, problem } = options
  const progress = options.onProgress ?? (() => undefined)
  const { part, truth } = judged
  progress(0.4, 'corrupting inputs')
  const attacked = takeSample(part.batch, truth, { size: policy.robustness.rows, seed })
  const robustness = await measureRobustness(session, attacked, { rules, policy })
  progress(0.6, 'shuffling inputs')
  const size = truth.kind === 'points' ? IMPORTANCE_ROWS_OF_CLUSTERS : IMPORTANCE_ROWS
  const sample = takeSample(part.batch, truth, { size, seed })
  const metric = options.rankingMetric ?? defaultRankingMetric(problem)
  const sign = LOWER_IS_BETTER.includes(metric) ? 1 : -1
  const importance = await permutationImportance({
    session,
    batch: sample.batch,
    seed,
    repeats: truth.kind === 'points' ? 1 : 3,
    loss: (predictions) => {
      const value = makeScorer(predictions, sample.truth, rules).score()[metric]
      return value === undefined ? undefined : sign * value
    },
  })
  progress(0.8, 'measuring latency')
  const latency = await measureLatency({
    path: artifacts.pathOf(run.model.digest),
    signature: session.signature,
    sizeBytes: run.model.bytes,
    batch: sample.batch,
    policy: policy.latency,
  })
  return { robustness, latency, importance }
}
