import type { Candidate, Frame, TuningResult, Verdict } from '../core/records/index.ts'
import { tuningResultSchema } from '../core/records/index.ts'
import { resolveMembers } from '../stages/training/index.ts'
import { planTuning, type TuningPlan, tuneCandidate } from '../stages/tuning/index.ts'
import type { BeltJournal } from './belt-journal.ts'
import type { RankedRun } from './judge-candidates.ts'

const TUNING_CODE_VERSION = 1

export interface TuningRound {
  readonly plan: TuningPlan
  readonly results: readonly TuningResult[]
  /** New candidates with the best parameters found. */
  readonly candidates: readonly Candidate[]
}

/** `xgboost-tuned-1` → `xgboost`. */
export function baseName(name: string): string {
  return name.replace(/-tuned-\d+$/, '')
}

/** Votes and users' own estimators have no parameters to search unless the project names them. */
function isSearchable(
  estimator: Candidate['estimator'],
  name: string,
  all: readonly Candidate[],
): boolean {
  if (estimator !== 'voting' && estimator !== 'custom') return true
  return all.find((candidate) => candidate.name === name)?.searchSpace !== undefined
}

async function tuneOne(
  journal: BeltJournal,
  frame: Frame,
  request: { candidate: Candidate; all: readonly Candidate[]; plan: TuningPlan; round: number },
): Promise<TuningResult> {
  const { platform } = journal
  const { project, projectFolder, artifacts, store, signal } = platform
  const { candidate, all, plan, round } = request
  const pool = await platform.workers()
  const members = resolveMembers(candidate, all)
  const result = await journal.step<TuningResult>({
    stage: 'tuning',
    name: `tune ${candidate.name} (round ${round})`,
    codeVersion: TUNING_CODE_VERSION,
    inputs: {
      candidate,
      members,
      frame: frame.id,
      metric: plan.metric,
      because: plan.because,
      round,
      tuning: project.tuning,
      training: project.training,
      preparation: project.dataset.preparation,
      worker: pool.workerDigest,
    },
    output: tuningResultSchema,
    run: async (context) => {
      const tuned = await tuneCandidate({
        candidate,
        members,
        project,
        projectFolder,
        frame,
        pool,
        artifacts,
        metric: plan.metric,
        because: plan.because,
        round,
        signal,
        onProgress: (share: number, message: string) => context.progress(share, message),
      })
      context.addWorkerMs(tuned.trials.reduce((sum, trial) => sum + trial.durationMs, 0))
      return tuned
    },
  })
  await store.put('tuning', result.id, result)
  await journal.tracking.tuned(result)
  return result
}

/** Stage 9: one round of tuning, as the plan made from the verdict (or before the first one) says. */
export async function tuneRound(
  journal: BeltJournal,
  frame: Frame,
  request: {
    readonly verdict: Verdict | null
    readonly round: number
    readonly ranking: readonly RankedRun[]
    readonly all: readonly Candidate[]
  },
): Promise<TuningRound> {
  const { project } = journal.platform
  const { verdict, round, ranking, all } = request
  const plan = planTuning({
    verdict,
    policy: project.tuning,
    round,
    problem: project.problem,
    ...(project.training.metric === undefined ? {} : { rankingMetric: project.training.metric }),
    ranking: ranking
      .filter(({ run }) => isSearchable(run.estimator, baseName(run.candidate), all))
      .map(({ run }) => ({ candidate: baseName(run.candidate), estimator: run.estimator })),
  })
  const results: TuningResult[] = []
  const candidates: Candidate[] = []
  for (const name of plan.candidates) {
    const candidate = all.find((c) => c.name === name)
    if (candidate === undefined) continue
    const result = await tuneOne(journal, frame, { candidate, all, plan, round })
    results.push(result)
    if (result.best !== null) {
      const parameters = {
        ...candidate.parameters,
        ...result.best.parameters,
      } as Candidate['parameters']
      candidates.push({ ...candidate, name: `${baseName(name)}-tuned-${round}`, parameters })
    }
  }
  return { plan, results, candidates }
}
