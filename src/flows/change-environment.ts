import { isPlatformError } from '../core/errors/index.ts'
import type { EndpointState, Environment, EnvironmentChange } from '../core/records/index.ts'
import type { RecordStore } from '../platform/storage/index.ts'
import {
  challengerOf,
  endpointName,
  rollBackEndpoint,
  startRollout,
} from '../stages/deployment/index.ts'
import { findVersion, promoteVersion, rollBackEnvironment } from '../stages/registry/index.ts'
import type { Platform } from './platform.ts'
import { commitRollout, readEndpoint } from './roll-out.ts'
import { followAliases } from './track-belt/index.ts'

export interface ChangeRequest {
  readonly environment: Environment
  readonly by: string
  readonly reason: string
}

export interface EnvironmentOutcome {
  /** Null when only a rollout was withdrawn: the environment's version is what it was. */
  readonly change: EnvironmentChange | null
  /** The endpoint afterwards, when the change was one of production. */
  readonly state: EndpointState | null
}

/**
 * Moves a version into an environment; into production it takes all traffic at once. A client's
 * version that was never adopted takes none: it is for clients to load.
 */
export async function promote(
  platform: Platform,
  request: ChangeRequest & { readonly version: number },
): Promise<EnvironmentOutcome & { readonly change: EnvironmentChange }> {
  const { project, clock } = platform
  const nowMs = clock.now()
  const { version, ...rest } = request
  const outcome = await platform.store.transaction(async (store) => {
    const model = project.name
    const change = await promoteVersion({ store, model, version, ...rest, atMs: nowMs })
    const isServed = await isServable(store, { model, version })
    if (request.environment !== 'production' || !isServed) return { change, state: null }
    const endpoint = endpointName(project)
    const { revision, value: state } = await readEndpoint(store, endpoint)
    const step = startRollout({
      state,
      endpoint,
      model,
      version,
      policy: { ...project.deployment, strategy: { kind: 'blue-green' } },
      nowMs,
    })
    await commitRollout(store, step, revision)
    return { change, state: step.state }
  })
  await followAliases(platform)
  return outcome
}

/**
 * One command back. While a rollout is under way it is withdrawn, and the stable version has all
 * traffic again; otherwise the version before takes the environment and, in production, all traffic.
 */
export async function rollBack(
  platform: Platform,
  request: ChangeRequest,
): Promise<EnvironmentOutcome> {
  const { project, clock } = platform
  const nowMs = clock.now()
  const endpoint = await readEndpoint(platform.store, endpointName(project))
  if (request.environment === 'production' && endpoint.value && challengerOf(endpoint.value)) {
    const step = rollBackEndpoint({ state: endpoint.value, nowMs, reason: request.reason })
    await commitRollout(platform.store, step, endpoint.revision)
    return { change: null, state: step.state }
  }
  const outcome = await platform.store.transaction(async (store) => {
    const change = await rollBackEnvironment({
      store,
      model: project.name,
      ...request,
      atMs: nowMs,
    })
    if (request.environment !== 'production' || change.version === null)
      return { change, state: null }
    const { revision, value: state } = endpoint
    const target = { model: project.name, version: change.version }
    if (state === undefined || !(await isServable(store, target))) return { change, state: null }
    const step = rollBackEndpoint({ state, nowMs, reason: request.reason, to: change.version })
    await commitRollout(store, step, revision)
    return { change, state: step.state }
  })
  await followAliases(platform)
  return outcome
}

/** Whether there is a record to serve the version by: a client's version has none until adopted. */
function isServable(
  store: RecordStore,
  at: { readonly model: string; readonly version: number },
): Promise<boolean> {
  return findVersion({ store, ...at }).then(
    () => true,
    (error: unknown) => {
      if (isPlatformError(error, 'VERSION_WITHOUT_RECORD')) return false
      throw error
    },
  )
}
