import { isPlatformError } from '../core/errors/index.ts'
import { contentId } from '../core/identity/index.ts'
import {
  type Candidate,
  type FailedRun,
  type Frame,
  type Run,
  runSchema,
} from '../core/records/index.ts'
import { resolveMembers, trainCandidate } from '../stages/training/index.ts'
import type { BeltJournal } from './belt-journal.ts'
import { flowErrors } from './errors.ts'

const TRAINING_CODE_VERSION = 1

export interface TrainedCandidates {
  readonly runs: readonly Run[]
  readonly failed: readonly { readonly id: string; readonly failure: FailedRun }[]
}

async function trainOne(
  journal: BeltJournal,
  frame: Frame,
  { candidate, all }: { readonly candidate: Candidate; readonly all: readonly Candidate[] },
): Promise<Run> {
  const { platform } = journal
  const { project, projectFolder, artifacts, engine, store, signal } = platform
  const pool = await platform.workers()
  const members = resolveMembers(candidate, all)
  const run = await journal.step<Run>({
    stage: 'training',
    name: `train ${candidate.name}`,
    codeVersion: TRAINING_CODE_VERSION,
    inputs: {
      candidate,
      members,
      frame: frame.id,
      preparation: project.dataset.preparation,
      split: project.dataset.split,
      training: project.training,
      problem: { type: project.problem.type, positiveClass: project.problem.positiveClass },
      worker: pool.workerDigest,
    },
    output: runSchema,
    artifacts: (output) => [output.model.digest],
    run: async (context) => {
      const trained = await trainCandidate({
        candidate,
        members,
        project,
        projectFolder,
        frame,
        pool,
        engine,
        artifacts,
        signal,
        onProgress: (share, message) => context.progress(share, message),
      })
      context.addWorkerMs(trained.durationMs)
      return trained
    },
  })
  await Promise.all([
    store.put('run', run.id, run),
    store.put('run-recipe', run.id, {
      candidate,
      members: [...members],
      preparation: project.dataset.preparation,
      split: project.dataset.split,
      training: project.training,
    }),
  ])
  await journal.tracking.trained(run)
  return run
}

export interface Competition {
  /** Who is trained now. */
  readonly candidates: readonly Candidate[]
  /** Everyone, so that a vote finds its members. */
  readonly all: readonly Candidate[]
}

/** @throws the error itself when it is not the candidate's own fault. */
async function recordFailure(
  journal: BeltJournal,
  frame: Frame,
  { candidate, error }: { readonly candidate: string; readonly error: unknown },
): Promise<TrainedCandidates['failed'][number]> {
  if (!isCandidatesOwnFault(error) || !isPlatformError(error)) throw error
  const { code, message, hint } = error
  const failure = { candidate, code, message, hint }
  const id = contentId('failed', { frame: frame.id, failure })
  await journal.platform.store.put('failed-run', id, failure)
  await journal.tracking.couldNotTrain(id, failure)
  return { id, failure }
}

function isCandidatesOwnFault(error: unknown): boolean {
  return isPlatformError(error) && error.exit !== 'interrupted' && error.exit !== 'environment'
}

/**
 * Stage 6: every candidate, as many at once as there are workers. A candidate that fails is
 * recorded and left behind; the belt goes on with the others.
 * @throws ALL_CANDIDATES_FAILED when none is left.
 */
export async function trainCandidates(
  journal: BeltJournal,
  frame: Frame,
  competing: Competition,
): Promise<TrainedCandidates> {
  const { candidates, all } = competing
  const results = await Promise.allSettled(
    candidates.map((candidate) => trainOne(journal, frame, { candidate, all })),
  )
  const runs: Run[] = []
  const failed: TrainedCandidates['failed'][number][] = []
  for (const [i, result] of results.entries()) {
    if (result.status === 'fulfilled') runs.push(result.value)
    else {
      const candidate = candidates[i]?.name ?? ''
      failed.push(await recordFailure(journal, frame, { candidate, error: result.reason }))
    }
  }
  if (runs.length === 0) {
    const failures = failed
      .map(({ failure }) => `${failure.candidate} (${failure.message})`)
      .join('; ')
    throw flowErrors.ALL_CANDIDATES_FAILED({ failures })
  }
  return { runs, failed }
}
