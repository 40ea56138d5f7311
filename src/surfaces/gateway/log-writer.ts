import type { ExposureEntry, PredictionEntry } from '../../core/records/index.ts'
import type { PredictionLog } from '../../platform/storage/index.ts'
import { gatewayErrors } from './errors.ts'

interface Waiting {
  readonly entries: readonly PredictionEntry[]
  readonly exposures: readonly ExposureEntry[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Resolves once the entries are in the log. @throws PREDICTION_NOT_LOGGED */
export type WriteLog = (
  entries: readonly PredictionEntry[],
  exposures: readonly ExposureEntry[],
) => Promise<void>

/** Commits the predictions of one event-loop turn together; each answer waits for its commit. */
export function createLogWriter(log: PredictionLog): WriteLog {
  let waiting: Waiting[] = []

  function commit(): void {
    const due = waiting
    waiting = []
    try {
      log.append(
        due.flatMap(({ entries }) => entries),
        due.flatMap(({ exposures }) => exposures),
      )
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      const error = gatewayErrors.PREDICTION_NOT_LOGGED({ reason }, cause)
      for (const { reject } of due) reject(error)
      return
    }
    for (const { resolve } of due) resolve()
  }

  return (entries, exposures) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(commit)
      waiting.push({ entries, exposures, resolve, reject })
    })
}
