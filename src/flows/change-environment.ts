import type { EndpointState, Environment, EnvironmentChange } from '../core/records/index.ts'
import { endpointName, rollBackEndpoint, startRollout } from '../stages/deployment/index.ts'
import { findVersion, promoteVersion, rollBackEnvironment } from '../stages/registry/index.ts'
import type { Platform } from './platform.ts'
import { commitRollout, readEndpoint } from './roll-out.ts'

export interface ChangeRequest {
  readonly environment: Environment
  readonly by: string
  readonly reason: string
}

export interface EnvironmentOutcome {
  /** Null when only a canary was withdrawn: the environment's version is what it was. */
  readonly change: EnvironmentChange | null
  /** The endpoint afterwards, when the change was one of production. */
  readonly state: EndpointState | null
}

/** Moves a version into an environment; into production it takes all traffic at once. */
export function promote(
  platform: Platform,
  request: ChangeRequest & { readonly version: number },
): EnvironmentOutcome & { readonly change: EnvironmentChange } {
  const { store, project, clock } = platform
  const nowMs = clock.now()
  const { version, ...rest } = request
  return store.transaction(() => {
    const registered = findVersion({ store, model: project.name, version })
    const change = promoteVersion({ store, model: project.name, version, ...rest, atMs: nowMs })
    if (request.environment !== 'production') return { change, state: null }
    const endpoint = endpointName(project)
    const { revision, value: state } = readEndpoint(store, endpoint)
    const step = startRollout({
      state,
      endpoint,
      model: registered.model,
      version,
      policy: { ...project.deployment, strategy: { kind: 'blue-green' } },
      nowMs,
    })
    commitRollout(store, step, revision)
    return { change, state: step.state }
  })
}

/**
 * One command back. While a canary is under way it is withdrawn, and the stable version has all
 * traffic again; otherwise the version before takes the environment and, in production, all traffic.
 */
export function rollBack(platform: Platform, request: ChangeRequest): EnvironmentOutcome {
  const { store, project, clock } = platform
  const nowMs = clock.now()
  const endpoint = readEndpoint(store, endpointName(project))
  if (request.environment === 'production' && endpoint.value?.canary) {
    const step = rollBackEndpoint({ state: endpoint.value, nowMs, reason: request.reason })
    commitRollout(store, step, endpoint.revision)
    return { change: null, state: step.state }
  }
  return store.transaction(() => {
    const change = rollBackEnvironment({ store, model: project.name, ...request, atMs: nowMs })
    if (request.environment !== 'production' || change.version === null)
      return { change, state: null }
    const { revision, value: state } = endpoint
    if (state === undefined) return { change, state: null }
    const step = rollBackEndpoint({ state, nowMs, reason: request.reason, to: change.version })
    commitRollout(store, step, revision)
    return { change, state: step.state }
  })
}
