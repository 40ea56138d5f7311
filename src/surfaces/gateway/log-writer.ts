import type { DeploymentPolicy, ExposureEntry } from '../../core/records/index.ts'
import type { PredictionLog, WrittenPrediction } from '../../platform/prediction-log/index.ts'
import { gatewayErrors } from './errors.ts'

/** A disk that was full a moment ago: soon enough for callers, seldom enough for the disk. */
export const RETRY_AFTER_SECONDS = 5

export interface LoggedAnswer {
  readonly entries: readonly WrittenPrediction[]
  readonly exposures: readonly ExposureEntry[]
}

/**
 * Resolves once the answer is in the log; undefined when nothing is kept.
 * @param answer not asked for when nothing is kept
 * @throws PREDICTION_NOT_LOGGED
 */
export type WriteLog = (answer: () => LoggedAnswer) => Promise<void> | undefined

/**
 * Each answer waits for its own entries only; the log writes those together that come together.
 * @param policy read at each write: it changes while the endpoint runs
 */
export function createLogWriter(
  log: PredictionLog,
  policy: () => DeploymentPolicy['predictionLog'],
): WriteLog {
  return (answer) => {
    const { keep, durability } = policy()
    if (keep === 'none') return undefined
    const { entries, exposures } = answer()
    return log.append(entries, exposures, { durability }).catch(refuse)
  }
}

function refuse(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause)
  throw gatewayErrors.PREDICTION_NOT_LOGGED(
    { reason, retryAfterSeconds: RETRY_AFTER_SECONDS },
    cause,
  )
}
