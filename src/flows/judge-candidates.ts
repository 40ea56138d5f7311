import { isPlatformError } from '../core/errors/index.ts'
import {
  type Evaluation,
  evaluationSchema,
  type Frame,
  type ModelVersion,
  type Run,
  type SplitPart,
  type Verdict,
  verdictSchema,
} from '../core/records/index.ts'
import { loadModel, type ModelSession } from '../platform/inference/index.ts'
import {
  comparePaired,
  defaultRankingMetric,
  evaluateModel,
  type PairedComparison,
  pairedComparisonSchema,
  rankCandidates,
} from '../stages/evaluation/index.ts'
import { judgeGate } from '../stages/gate/index.ts'
import { findVersion, versionInEnvironment } from '../stages/registry/index.ts'
import type { BeltJournal } from './belt-journal.ts'
import type { Platform } from './platform.ts'

const EVALUATION_CODE_VERSION = 1
const COMPARISON_CODE_VERSION = 1

/** Loads a stored model through the serving engine, its digest verified. */
export function openModel(
  platform: Platform,
  model: { readonly artifact: { readonly digest: string }; readonly signature: Run['signature'] },
): Promise<ModelSession> {
  const { digest } = model.artifact
  return loadModel({ path: platform.artifacts.pathOf(digest), signature: model.signature, digest })
}

/** Opens a model for one piece of work and closes it whatever happens. */
export async function withModel<T>(
  platform: Platform,
  model: Parameters<typeof openModel>[1],
  work: (session: ModelSession) => Promise<T>,
): Promise<T> {
  const session = await openModel(platform, model)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

interface EvaluateOptions {
  readonly run: Run
  readonly part: SplitPart & ('validation' | 'test')
  readonly depth: 'ranking' | 'full'
  /** Chosen on the validation rows; chosen anew when absent. */
  readonly threshold?: number | null
}

/** Stage 7: a run's artifact on a part of the frame. */
export async function evaluateRun(
  journal: BeltJournal,
  frame: Frame,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { platform } = journal
  const { project, engine, artifacts, store } = platform
  const { run, part, depth } = options
  const threshold = options.threshold ?? undefined
  const evaluation = await journal.step<Evaluation>({
    stage: 'evaluation',
    name: `${depth === 'full' ? 'judge' : 'rank'} ${run.candidate} on ${part}`,
    codeVersion: EVALUATION_CODE_VERSION,
    inputs: {
      model: run.model.digest,
      signature: run.signature,
      run: run.id,
      frame: frame.id,
      part,
      depth,
      threshold: threshold ?? null,
      policy: project.evaluation,
      metric: project.training.metric ?? null,
      problem: { type: project.problem.type, value: project.problem.value ?? null },
      seed: project.training.seed,
    },
    output: evaluationSchema,
    artifacts: (output) => [output.predictions.digest],
    run: (context) =>
      withModel(platform, { artifact: run.model, signature: run.signature }, (session) =>
        evaluateModel({
          session,
          run,
          frame,
          part,
          depth,
          problem: project.problem,
          policy: project.evaluation,
          rankingMetric: project.training.metric ?? defaultRankingMetric(project.problem),
          seed: project.training.seed,
          engine,
          artifacts,
          onProgress: (share: number, message: string) => context.progress(share, message),
          ...(threshold === undefined ? {} : { threshold }),
        }),
      ),
  })
  await store.put('evaluation', evaluation.id, evaluation)
  await journal.tracking.evaluated(run, evaluation)
  return evaluation
}

export interface RankedRun {
  readonly run: Run
  readonly evaluation: Evaluation
}

/** All runs on the validation rows, the best first. */
export async function rankRuns(
  journal: BeltJournal,
  frame: Frame,
  runs: readonly Run[],
): Promise<RankedRun[]> {
  const { project } = journal.platform
  const evaluations: Evaluation[] = []
  for (const run of runs) {
    evaluations.push(
      await evaluateRun(journal, frame, { run, part: 'validation', depth: 'ranking' }),
    )
  }
  const metric = project.training.metric ?? defaultRankingMetric(project.problem)
  return rankCandidates(evaluations, metric).flatMap((evaluation) => {
    const run = runs.find((r) => r.id === evaluation.run)
    return run === undefined ? [] : [{ run, evaluation }]
  })
}

/** The version in production just before an instant (now, when absent). */
export async function productionChampion(
  platform: Platform,
  beforeMs?: number,
): Promise<ModelVersion | undefined> {
  const model = platform.project.name
  const current = await versionInEnvironment({
    store: platform.store,
    model,
    environment: 'production',
    ...(beforeMs === undefined ? {} : { atMs: beforeMs - 1 }),
  })
  if (current === undefined) return undefined
  try {
    return await findVersion({ store: platform.store, model, version: current.version })
  } catch (error) {
    // A client's version that was never adopted cannot be run here, so there is nothing to beat.
    if (isPlatformError(error, 'VERSION_WITHOUT_RECORD')) return undefined
    throw error
  }
}

async function compareWithChampion(
  journal: BeltJournal,
  frame: Frame,
  challenger: { readonly run: Run; readonly threshold: number | null },
  champion: ModelVersion,
): Promise<PairedComparison[]> {
  const { platform } = journal
  const { project, engine, artifacts } = platform
  const criteria = project.gate.criteria.filter((criterion) => criterion.kind === 'champion')
  const comparisons: PairedComparison[] = []
  for (const criterion of criteria) {
    comparisons.push(
      await journal.step<PairedComparison>({
        stage: 'evaluation',
        name: `compare ${challenger.run.candidate} with version ${champion.version} by ${criterion.metric}`,
        codeVersion: COMPARISON_CODE_VERSION,
        inputs: {
          challenger: challenger.run.model.digest,
          champion: champion.artifact.digest,
          thresholds: [challenger.threshold, champion.threshold],
          frame: frame.id,
          metric: criterion.metric,
          confidence: criterion.confidence,
          resamples: project.evaluation.bootstrap.resamples,
          value: project.problem.value ?? null,
          seed: project.training.seed,
        },
        output: pairedComparisonSchema,
        run: () =>
          withModel(platform, champion, (championSession) =>
            withModel(
              platform,
              { artifact: challenger.run.model, signature: challenger.run.signature },
              (challengerSession) =>
                comparePaired({
                  champion: { session: championSession, threshold: champion.threshold },
                  challenger: { session: challengerSession, threshold: challenger.threshold },
                  frame,
                  part: 'test',
                  metric: criterion.metric,
                  confidence: criterion.confidence,
                  resamples: project.evaluation.bootstrap.resamples,
                  problem: project.problem,
                  seed: project.training.seed,
                  engine,
                  artifacts,
                }),
            ),
          ),
      }),
    )
  }
  return comparisons
}

export interface Judged {
  readonly best: RankedRun
  /** The best run on the test rows, in full. */
  readonly evaluation: Evaluation
  readonly verdict: Verdict
}

function isReference({ run }: RankedRun): boolean {
  return run.estimator === 'baseline' || run.estimator === 'simple-rule'
}

/** What there is to beat, on the same test rows. */
async function judgeReferences(
  journal: BeltJournal,
  frame: Frame,
  references: readonly RankedRun[],
): Promise<Partial<Record<'baseline' | 'simple-rule', Evaluation>>> {
  const baselines: Partial<Record<'baseline' | 'simple-rule', Evaluation>> = {}
  for (const { run, evaluation } of references) {
    const kind = run.estimator === 'baseline' ? 'baseline' : 'simple-rule'
    const { threshold } = evaluation
    baselines[kind] = await evaluateRun(journal, frame, {
      run,
      part: 'test',
      depth: 'ranking',
      threshold,
    })
  }
  return baselines
}

/** Stages 7 and 8 for the best of the ranking: full evaluation on the test rows, then the gate. */
export async function judgeBest(
  journal: BeltJournal,
  frame: Frame,
  ranking: readonly RankedRun[],
): Promise<Judged> {
  const { platform } = journal
  const { project, store } = platform
  const best = ranking.find((ranked) => !isReference(ranked)) ?? ranking[0]
  if (best === undefined) throw new RangeError('a ranking has at least one run')
  const threshold = best.evaluation.threshold
  const evaluation = await evaluateRun(journal, frame, {
    run: best.run,
    part: 'test',
    depth: 'full',
    threshold,
  })
  const baselines = await judgeReferences(journal, frame, ranking.filter(isReference))
  const standing = await productionChampion(platform, journal.asOfMs)
  // The same file again, from unchanged data, has nobody to beat but itself.
  const champion = standing?.artifact.digest === best.run.model.digest ? undefined : standing
  const comparisons =
    champion === undefined
      ? []
      : await compareWithChampion(journal, frame, { run: best.run, threshold }, champion)
  const verdict = await journal.step<Verdict>({
    stage: 'gate',
    name: `verdict on ${best.run.candidate}`,
    codeVersion: 1,
    inputs: {
      policy: project.gate,
      evaluation: evaluation.id,
      baselines: Object.values(baselines).map((e) => e.id),
      comparisons,
      champion: champion?.version ?? null,
    },
    output: verdictSchema,
    run: async () =>
      judgeGate({
        policy: project.gate,
        evaluation,
        baselines,
        comparisons,
        championVersion: champion?.version ?? null,
        problemType: project.problem.type,
      }),
  })
  await store.put('verdict', verdict.id, verdict)
  await journal.tracking.judged(best.run, verdict)
  return { best, evaluation, verdict }
}
