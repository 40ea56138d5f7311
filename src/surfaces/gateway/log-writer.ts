import type { DeploymentPolicy, ExposureEntry, PredictionEntry } from '../../core/records/index.ts'
import type { PredictionLog } from '../../platform/prediction-log/index.ts'
import { gatewayErrors } from './errors.ts'

/** A disk that was full a moment ago: soon enough for callers, seldom enough for the disk. */
export const RETRY_AFTER_SECONDS = 5

/** Resolves once the entries are in the log. @throws PREDICTION_NOT_LOGGED */
export type WriteLog = (
  entries: readonly PredictionEntry[],
  exposures: readonly ExposureEntry[],
) => Promise<void>

/**
 * Each answer waits for its own entries only; the log writes those together that come together.
 * @param policy read at each write: it changes while the endpoint runs
 */
export function createLogWriter(
  log: PredictionLog,
  policy: () => DeploymentPolicy['predictionLog'],
): WriteLog {
  return async (entries, exposures) => {
    const { keep, durability } = policy()
    if (keep === 'none') return
    try {
      await log.append(entries, exposures, { durability })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw gatewayErrors.PREDICTION_NOT_LOGGED(
        { reason, retryAfterSeconds: RETRY_AFTER_SECONDS },
        cause,
      )
    }
  }
}
