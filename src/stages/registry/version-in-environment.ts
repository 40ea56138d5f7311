import type { Environment, EnvironmentChange } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { environmentHistory } from './environment-history.ts'

export interface VersionInEnvironmentOptions {
  readonly store: RecordStore
  readonly model: string
  readonly environment: Environment
  /** Milliseconds; now (the last change written) when absent. */
  readonly atMs?: number
}

/** A version in its place, with who put it there, when and why. */
export interface VersionStanding {
  readonly version: number
  readonly since: string
  readonly by: string
  readonly reason: string
  readonly change: EnvironmentChange
}

/** What stands in an environment, now or at a past time; undefined when nothing did. */
export async function versionInEnvironment(
  options: VersionInEnvironmentOptions,
): Promise<VersionStanding | undefined> {
  const { store, model, environment, atMs = Number.POSITIVE_INFINITY } = options
  const history = await environmentHistory({ store, model, environment })
  const change = history.findLast((candidate) => Date.parse(candidate.at) <= atMs)
  if (change === undefined || change.version === null) return undefined
  const { version, at, by, reason } = change
  return { version, since: at, by, reason, change }
}
