import type { TuningResult } from '../../core/records/index.ts'
import type { RunStatus } from '../../platform/tracking/index.ts'
import type { Entries } from './run-entries.ts'
import type { TrackedRun } from './settle-run.ts'
import { trackedRunId } from './tracked-ids.ts'
import { trialEntries, tuningEntries } from './tuning-entries.ts'

/** Beyond these the trials of a search are in its metric's history alone. */
const TRIALS_AS_RUNS = 100

const STATUS: Readonly<Record<TuningResult['trials'][number]['state'], RunStatus>> = {
  complete: 'FINISHED',
  failed: 'FAILED',
  pruned: 'KILLED',
}

export interface TuningTracking {
  readonly project: string
  readonly nowMs: number
  nested(entries: Entries, parent?: string): Entries
  settle(
    run: Omit<TrackedRun, 'experimentId' | 'startedAtMs'> & { readonly startedAtMs?: number },
  ): Promise<void>
  statusOf(id: string): Promise<RunStatus | undefined>
}

/** A run for the search with the values of all trials, and one in it for each of the first trials. */
export async function trackTuning(result: TuningResult, tracking: TuningTracking): Promise<void> {
  const { project, nowMs } = tracking
  const id = trackedRunId(project, 'tuning', result.id)
  // It ends last, so everything in it is there.
  if ((await tracking.statusOf(id)) === 'FINISHED') return
  const durationMs = result.trials.reduce((sum, trial) => sum + trial.durationMs, 0)
  const startedAtMs = nowMs - durationMs
  const name = `tune ${result.candidate} (round ${result.round})`
  const search = { id, name, ...tracking.nested(tuningEntries(result)), startedAtMs }
  await tracking.settle({ ...search, status: 'RUNNING' })
  let trialStartsAtMs = startedAtMs
  for (const trial of result.trials.slice(0, TRIALS_AS_RUNS)) {
    await tracking.settle({
      id: trackedRunId(project, 'trial', { tuning: result.id, number: trial.number }),
      name: `${result.candidate} trial ${trial.number}`,
      ...tracking.nested(trialEntries(result, trial), id),
      startedAtMs: trialStartsAtMs,
      status: STATUS[trial.state],
      durationMs: trial.durationMs,
    })
    trialStartsAtMs += trial.durationMs
  }
  await tracking.settle({ ...search, status: 'FINISHED', durationMs })
}
