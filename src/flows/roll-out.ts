import type { EndpointState, ModelVersion, RolloutDecision } from '../core/records/index.ts'
import type { RecordStore } from '../platform/storage/index.ts'
import {
  challengerOf,
  endpointName,
  endpointStateName,
  type RolloutStep,
  startRollout,
} from '../stages/deployment/index.ts'
import { promoteVersion, versionInEnvironment } from '../stages/registry/index.ts'
import type { Platform } from './platform.ts'

export function readEndpoint(store: RecordStore, endpoint: string) {
  return store.readState<EndpointState>(endpointStateName(endpoint))
}

/** Stores a new state and the decision that led to it, both or neither. */
export function commitRollout(
  store: RecordStore,
  change: RolloutStep,
  expectedRevision: number,
): Promise<void> {
  return store.transaction(async (inner) => {
    await inner.writeState(endpointStateName(change.state.endpoint), change.state, expectedRevision)
    await inner.put('rollout-decision', change.decision.id, change.decision)
  })
}

/** Puts a version into the production environment, unless it stands there already. */
export async function enterProduction(
  { project, store }: Pick<Platform, 'project' | 'store'>,
  version: number,
  change: { readonly reason: string; readonly atMs: number; readonly by?: string },
): Promise<void> {
  const model = project.name
  const current = await versionInEnvironment({ store, model, environment: 'production' })
  if (current?.version === version) return
  await promoteVersion({ store, model, version, environment: 'production', by: 'belt', ...change })
}

/** Why a belt run left the endpoint as it is. */
export type Untouched = 'already-serving' | 'endpoint-moved-on'

/** Why a version would not be rolled out now; null when it would. */
export async function whyUntouched(
  platform: Platform,
  version: number,
  nowMs: number,
): Promise<Untouched | null> {
  const { value: state } = await readEndpoint(platform.store, endpointName(platform.project))
  if (state === undefined) return null
  if (state.stable === version || challengerOf(state)?.version === version) return 'already-serving'
  return Date.parse(state.updatedAt) >= nowMs ? 'endpoint-moved-on' : null
}

/**
 * Stage 11: begins the declared rollout of a version. A version that already answers, or is already
 * on its way, is left alone; so is an endpoint that changed after the instant this run looks back
 * to, since a run as of a past day must not undo what came later.
 */
export async function beginRollout(
  platform: Platform,
  version: ModelVersion,
  nowMs: number,
): Promise<RolloutDecision | Untouched> {
  const endpoint = endpointName(platform.project)
  const { revision, value: state } = await readEndpoint(platform.store, endpoint)
  const untouched = await whyUntouched(platform, version.version, nowMs)
  if (untouched !== null) return untouched
  const change = startRollout({
    state,
    endpoint,
    model: version.model,
    version: version.version,
    policy: platform.project.deployment,
    nowMs,
  })
  await platform.store.transaction(async (store) => {
    await commitRollout(store, change, revision)
    if (change.state.stable === version.version) {
      await enterProduction({ ...platform, store }, version.version, {
        reason: `rollout ${change.decision.id}`,
        atMs: nowMs,
      })
    }
  })
  return change.decision
}
