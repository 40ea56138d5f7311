import type {
  BeltRun,
  Evaluation,
  FailedRun,
  Run,
  TuningResult,
  Verdict,
} from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { Platform } from '../platform.ts'
import { beltExperiment } from './belt-experiment.ts'
import { datasetInputs, type TrainingData } from './dataset-inputs.ts'
import { reasonsText, tagsOf } from './entries.ts'
import {
  type Entries,
  evaluationEntries,
  failureEntries,
  fitEntries,
  verdictEntries,
} from './run-entries.ts'
import { findRun, settleRun, type TrackedRun } from './settle-run.ts'
import { trackTuning } from './track-tuning.ts'
import { trackedRunId } from './tracked-ids.ts'

export interface TravelFacts {
  readonly cause: string
  readonly asOfMs: number
}

/** Where the runs of one travel of the belt go. */
export interface TrackedTravel {
  readonly experimentId: string
  /** The run that all others are nested in. */
  readonly runId: string
}

/**
 * Shows a travel of the belt in the tracking store while it goes on: one run for the travel, and in
 * it one for each candidate and search. Everything may be said again without harm; before `began`,
 * and where the project has no experiment to write to, nothing is written.
 *
 * Errors of all: those of the tracking store.
 */
export interface BeltTracking {
  /** Undefined before `began` and where nothing can be tracked. */
  readonly travel: TrackedTravel | undefined
  began(data: TrainingData): Promise<void>
  trained(run: Run): Promise<void>
  couldNotTrain(id: string, failure: FailedRun): Promise<void>
  evaluated(run: Run, evaluation: Evaluation): Promise<void>
  judged(run: Run, verdict: Verdict): Promise<void>
  tuned(result: TuningResult): Promise<void>
  ended(record: BeltRun, best?: Evaluation): Promise<void>
  /** The travel ended with an error, or was interrupted. */
  broke(error: unknown): Promise<void>
}

/** The tag of a travel that ended with an error; gone when it goes on. */
const FAILURE = 'esteira.failure'

/** The id of a candidate's run in the tracking store. */
export function candidateRunId(project: string, run: Pick<Run, 'id'>): string {
  return trackedRunId(project, 'run', run.id)
}

export function createBeltTracking(platform: Platform, facts: TravelFacts): BeltTracking {
  return new Tracking(platform, facts)
}

class Tracking implements BeltTracking {
  readonly #platform: Platform
  readonly #facts: TravelFacts
  #data: TrainingData | undefined
  travel: TrackedTravel | undefined

  constructor(platform: Platform, facts: TravelFacts) {
    this.#platform = platform
    this.#facts = facts
  }

  get #name(): string {
    return `belt ${isoTime(this.#facts.asOfMs).slice(0, 10)}`
  }

  async began(data: TrainingData): Promise<void> {
    const { project, projectDigest } = this.#platform
    const { cause, asOfMs } = this.#facts
    const experiment = await beltExperiment(this.#platform)
    if (experiment === undefined) {
      this.#note(`no experiment "${project.name}" to write to: runs are not tracked`)
      return
    }
    const parts = { projectDigest, cause, frame: data.frame.id }
    const runId = trackedRunId(project.name, 'belt', parts)
    this.travel = { experimentId: experiment.id, runId }
    this.#data = data
    const store = await this.#platform.tracking()
    const known = await findRun(store, runId)
    if (known?.lifecycle === 'active' && FAILURE in known.tags)
      await store.deleteRunTag(this.#platform.actor, runId, FAILURE)
    await this.#settle({
      id: runId,
      name: this.#name,
      tags: tagsOf({
        'esteira.kind': 'belt',
        'esteira.cause': cause,
        'esteira.asOf': isoTime(asOfMs),
        'esteira.projectDigest': projectDigest,
        'esteira.frame': data.frame.id,
      }),
      datasets: datasetInputs(data),
      // One that was finished stays so: a repetition changes nothing.
      ...(known?.status === 'FINISHED' ? {} : { status: 'RUNNING' }),
    })
  }

  async trained(run: Run): Promise<void> {
    const entries = fitEntries(run)
    await this.#settleCandidate(run, { ...entries, durationMs: run.durationMs })
  }

  async couldNotTrain(id: string, failure: FailedRun): Promise<void> {
    await this.#settle({
      id: trackedRunId(this.#platform.project.name, 'failed-run', id),
      name: failure.candidate,
      ...this.#nested(failureEntries(id, failure)),
      status: 'FAILED',
    })
  }

  async evaluated(run: Run, evaluation: Evaluation): Promise<void> {
    await this.#settleCandidate(run, evaluationEntries(evaluation))
  }

  async judged(run: Run, verdict: Verdict): Promise<void> {
    await this.#settleCandidate(run, verdictEntries(verdict))
  }

  async tuned(result: TuningResult): Promise<void> {
    if (this.travel === undefined) return
    await trackTuning(result, {
      project: this.#platform.project.name,
      nested: (entries, parent) => this.#nested(entries, parent),
      settle: (run) => this.#settle(run),
      statusOf: async (id) => (await findRun(await this.#platform.tracking(), id))?.status,
      nowMs: this.#platform.clock.now(),
    })
  }

  async ended(record: BeltRun, best?: Evaluation): Promise<void> {
    if (this.travel === undefined) return
    await this.#settle({
      id: this.travel.runId,
      name: this.#name,
      tags: tagsOf({
        'esteira.outcome': record.outcome,
        'esteira.reasons': reasonsText(record.reasons),
        'esteira.beltRun': record.id,
        'esteira.version': record.version,
      }),
      ...(best === undefined ? {} : { metrics: evaluationEntries(best).metrics ?? [] }),
      status: 'FINISHED',
    })
  }

  async broke(error: unknown): Promise<void> {
    if (this.travel === undefined) return
    const message = error instanceof Error ? error.message : String(error)
    await this.#settle({
      id: this.travel.runId,
      name: this.#name,
      tags: tagsOf({ [FAILURE]: message }),
      status: this.#platform.signal.aborted ? 'KILLED' : 'FAILED',
    })
  }

  async #settleCandidate(
    run: Run,
    entries: Entries & { readonly durationMs?: number },
  ): Promise<void> {
    await this.#settle({
      ...entries,
      id: candidateRunId(this.#platform.project.name, run),
      name: run.candidate,
      ...this.#nested(entries),
      ...(this.#data === undefined ? {} : { datasets: datasetInputs(this.#data) }),
      startedAtMs: this.#platform.clock.now() - run.durationMs,
      status: 'FINISHED',
    })
  }

  /** Entries of a run inside another one, the travel's when none is named. */
  #nested(entries: Entries, parent = this.travel?.runId): Entries {
    const tags = parent === undefined ? {} : { 'mlflow.parentRunId': parent }
    return { ...entries, tags: { ...entries.tags, ...tags } }
  }

  async #settle(
    run: Omit<TrackedRun, 'experimentId' | 'startedAtMs'> & { readonly startedAtMs?: number },
  ): Promise<void> {
    if (this.travel === undefined) return
    const { actor, clock } = this.#platform
    const nowMs = clock.now()
    const { experimentId } = this.travel
    const source = {
      'mlflow.user': actor.name,
      'mlflow.source.name': 'esteira run',
      'mlflow.source.type': 'PROJECT',
    }
    const store = await this.#platform.tracking()
    const settled = await settleRun(
      { startedAtMs: nowMs, ...run, tags: { ...source, ...run.tags }, experimentId },
      { store, actor, nowMs },
    )
    if (!settled) this.#note(`the run "${run.name}" was deleted; it stays so`)
  }

  #note(message: string): void {
    const { onProgress, clock } = this.#platform
    onProgress({ kind: 'note', stage: 'training', message, atMs: clock.now() })
  }
}
