import type { Environment, EnvironmentChange } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { environmentLine, versionBefore } from './environment-line.ts'
import { registryErrors } from './errors.ts'
import { appendChange } from './promote-version.ts'

export interface RollBackEnvironmentOptions {
  readonly store: RecordStore
  readonly model: string
  readonly environment: Environment
  readonly by: string
  readonly reason: string
  readonly atMs: number
}

/**
 * Back to the version before. Twice goes two versions back: what was given up is never returned to.
 * @throws NOTHING_TO_ROLL_BACK
 */
export function rollBackEnvironment(
  options: RollBackEnvironmentOptions,
): Promise<EnvironmentChange> {
  const { model, environment, by, reason, atMs } = options
  return options.store.transaction(async (store) => {
    const history = await store.environmentHistory(model, environment)
    const line = environmentLine(history)
    const current = line.at(-1) ?? null
    const target = versionBefore(line)
    if (target === undefined) {
      throw registryErrors.NOTHING_TO_ROLL_BACK({ model, environment, version: current })
    }
    return appendChange(store, history, {
      model,
      environment,
      version: target,
      previous: current,
      action: 'rollback',
      by,
      reason,
      at: isoTime(atMs),
    })
  })
}
