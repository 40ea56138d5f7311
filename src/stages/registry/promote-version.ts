import { contentId } from '../../core/identity/index.ts'
import {
  ENVIRONMENTS,
  type Environment,
  type EnvironmentChange,
  type ModelVersion,
} from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import { environmentLine } from './environment-line.ts'
import { registryErrors } from './errors.ts'
import { findVersion } from './find-version.ts'

export interface PromoteVersionOptions {
  readonly store: RecordStore
  readonly model: string
  readonly version: number
  readonly environment: Environment
  /** Who asked for it: a person, or the part of the platform. */
  readonly by: string
  readonly reason: string
  readonly atMs: number
}

/**
 * Puts a version into an environment: development, then staging, then production, none skipped.
 * What stands there already is left as it is, and its change is returned.
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND
 * @throws PROMOTION_SKIPS when it has not come through the environment before
 * @throws VERSION_NOT_APPROVED when production is asked for without a YES of the gate
 */
export function promoteVersion(options: PromoteVersionOptions): Promise<EnvironmentChange> {
  const { model, version, environment, by, reason, atMs } = options
  return options.store.transaction(async (store) => {
    const record = await findVersion({ store, model, version })
    await requirePreviousEnvironment({ ...options, store })
    if (environment === 'production') await requireApproval(store, record)
    const history = await store.environmentHistory(model, environment)
    const latest = history.at(-1)
    if (latest?.version === version) return latest
    return appendChange(store, history, {
      model,
      environment,
      version,
      previous: latest?.version ?? null,
      action: 'promote',
      by,
      reason,
      at: isoTime(atMs),
    })
  })
}

/** A version counts as having come through when it was never rolled back from there. */
async function requirePreviousEnvironment(options: PromoteVersionOptions): Promise<void> {
  const { store, model, version, environment } = options
  const needed = ENVIRONMENTS[ENVIRONMENTS.indexOf(environment) - 1]
  if (needed === undefined) return
  const line = environmentLine(await store.environmentHistory(model, needed))
  if (!line.includes(version)) {
    throw registryErrors.PROMOTION_SKIPS({ model, version, environment, needed })
  }
}

async function requireApproval(
  store: RecordStore,
  { model, version, lineage }: ModelVersion,
): Promise<void> {
  const verdict = await store.get('verdict', lineage.verdict)
  if (verdict?.outcome === 'yes') return
  const got = verdict === undefined ? 'none' : 'NO'
  throw registryErrors.VERSION_NOT_APPROVED({ model, version, verdict: lineage.verdict, got })
}

/** Writes a change with an id that follows from its content and its place in the history. */
export async function appendChange(
  store: RecordStore,
  history: readonly EnvironmentChange[],
  content: Omit<EnvironmentChange, 'id'>,
): Promise<EnvironmentChange> {
  const change = { id: contentId('change', { ...content, place: history.length }), ...content }
  await store.appendEnvironmentChange(change)
  return change
}
