import { contentId } from '../../core/identity/index.ts'
import type {
  Candidate,
  Frame,
  MetricName,
  Project,
  TuningResult,
} from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import type { ArtifactStore } from '../../platform/storage/index.ts'
import type { WorkerPool } from '../../platform/workers/index.ts'
import { searchMetric } from '../selection/index.ts'
import { buildFitRequest } from '../training/index.ts'

export interface TuneOptions {
  readonly candidate: Candidate
  /** Full candidates of a vote (`resolveMembers`); empty for all others. */
  readonly members: readonly Candidate[]
  readonly project: Project
  readonly projectFolder: string
  readonly frame: Frame
  readonly pool: WorkerPool
  readonly artifacts: ArtifactStore
  /** The metric to improve. Money is searched by the metric that stands nearest to it. */
  readonly metric: MetricName
  readonly round: number
  /** The failing criteria that sent the belt here. */
  readonly because: readonly string[]
  readonly signal?: AbortSignal
  readonly onProgress?: (share: number, message: string) => void
}

/** Time a worker gets beyond the search's own limit to end its last trial. */
const GRACE_MS = 60_000

/**
 * Stage 9: searches a candidate's parameters by cross-validation on the training rows, within the
 * budget of trials and time. A metric only the platform can measure is searched by its nearest
 * stand-in; the result names both.
 *
 * @throws the worker pool's errors, which name the candidate.
 */
export async function tuneCandidate(options: TuneOptions): Promise<TuningResult> {
  const { candidate, members, project, frame, pool, metric, round, because } = options
  const { tuning, training } = project
  const searched = searchMetric(metric, project.problem.type)
  const timeLimitMs = durationMs(tuning.timeLimit)
  const progress = options.onProgress ?? (() => undefined)
  const stand = searched === metric ? '' : ` (${metric} is searched as ${searched})`
  const result = await pool.tune(
    {
      ...buildFitRequest({ ...options, metric: searched }),
      method: tuning.method,
      trials: tuning.trials,
      timeLimitMs,
      sample: tuning.sample,
      ...(candidate.searchSpace === undefined ? {} : { searchSpace: candidate.searchSpace }),
    },
    {
      subject: candidate.name,
      timeLimitMs: timeLimitMs + Math.max(GRACE_MS, durationMs(training.timeLimit)),
      memoryLimitMb: training.memoryLimitMb,
      onProgress: (share, message) => progress(share, `${message}${stand}`),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
  )
  return {
    id: contentId('tuning', {
      candidate,
      members,
      frame: frame.id,
      metric,
      round,
      because,
      tuning,
      training,
      preparation: project.dataset.preparation,
      worker: pool.workerDigest,
    }),
    candidate: candidate.name,
    round,
    method: tuning.method,
    metric: searched,
    ...(searched === metric ? {} : { insteadOf: metric }),
    because: [...because],
    trials: [...result.trials],
    best: result.best,
    stopped: result.stopped,
  }
}
