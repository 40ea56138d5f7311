import { type EndpointState, endpointStateSchema } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import {
  type ChosenRevision,
  challengerOf,
  chooseRevision,
  endpointStateName,
} from '../../stages/deployment/index.ts'
import { gatewayErrors } from './errors.ts'
import { type LoadedRevision, loadRevision, type RevisionSources } from './load-revision.ts'
import { createRevisionPool, type RevisionPool, type RevisionReport } from './revision-pool.ts'

export interface EndpointReport {
  readonly endpoint: string
  /** The state as it is stored. */
  readonly state: EndpointState | null
  /** What is served; behind `state` while a version warms up, or after it failed to. */
  readonly serving: EndpointState | null
  readonly stateRevision: number
  readonly ready: boolean
  readonly revisions: readonly RevisionReport[]
  /** What stands between `state` and `serving`. */
  readonly problems: readonly string[]
}

export interface Routed {
  readonly chosen: ChosenRevision
  readonly revision: LoadedRevision
}

/** One endpoint as this process serves it: follows the stored state, warm revisions only. */
export interface ServedEndpoint {
  readonly name: string
  readonly pool: RevisionPool
  /** Follows the stored state if it changed; with `retry` failed warm-ups are tried again. */
  follow(options?: { readonly retry?: boolean }): Promise<void>
  /**
   * @param key what an A/B run assigns by; without one the request is no part of it
   * @throws ENDPOINT_NOT_READY
   */
  route(requestId: string, key?: string): Routed
  /** @throws MODEL_VERSION_UNKNOWN */
  routeTo(version: string): Routed
  readonly ready: boolean
  readonly serving: EndpointState | undefined
  report(): EndpointReport
  close(): Promise<void>
}

export function createServedEndpoint(name: string, sources: RevisionSources): ServedEndpoint {
  return new FollowedEndpoint(name, sources)
}

class FollowedEndpoint implements ServedEndpoint {
  readonly name: string
  readonly pool: RevisionPool
  readonly #store: RecordStore
  #stored: EndpointState | undefined
  #serving: EndpointState | undefined
  #stateRevision = -1
  #trouble: string | undefined
  #following: Promise<void> = Promise.resolve()

  constructor(name: string, sources: RevisionSources) {
    const model = sources.project.name
    this.name = name
    this.pool = createRevisionPool((version) => loadRevision(version, model, sources))
    this.#store = sources.store
  }

  follow({ retry = false } = {}): Promise<void> {
    // One at a time, and a trouble with the store never takes the serving revision away.
    this.#following = this.#following.then(() =>
      this.#followNow(retry).catch((error: unknown) => {
        this.#trouble = `the endpoint's state cannot be read: ${messageOf(error)}`
      }),
    )
    return this.#following
  }

  route(requestId: string, key?: string): Routed {
    const chosen = this.#serving && chooseRevision(this.#serving, requestId, key)
    const revision = chosen && this.pool.get(chosen.version)
    if (chosen === undefined || revision === undefined) {
      const reason = this.#problems().join('; ') || 'its first version is warming up'
      const endpoint = this.name
      throw gatewayErrors.ENDPOINT_NOT_READY({ endpoint, reason: reason.replace(/\.$/, '') })
    }
    return { chosen, revision }
  }

  routeTo(version: string): Routed {
    const revision = /^\d{1,9}$/.test(version) ? this.pool.get(Number(version)) : undefined
    if (revision === undefined) {
      const loaded = this.pool.loaded()
      throw gatewayErrors.MODEL_VERSION_UNKNOWN({ model: this.name, version, loaded })
    }
    const number = revision.version.version
    const role = this.#serving?.canary?.version === number ? 'canary' : 'stable'
    return { chosen: { version: number, role }, revision }
  }

  get ready(): boolean {
    return this.#serving !== undefined && this.pool.get(this.#serving.stable) !== undefined
  }

  get serving(): EndpointState | undefined {
    return this.#serving
  }

  report(): EndpointReport {
    return {
      endpoint: this.name,
      state: this.#stored ?? null,
      serving: this.#serving ?? null,
      stateRevision: this.#stateRevision,
      ready: this.ready,
      revisions: this.pool.report(),
      problems: this.#problems(),
    }
  }

  async close(): Promise<void> {
    await this.#following
    this.#serving = undefined
    await this.pool.retire([])
  }

  async #followNow(retry: boolean): Promise<void> {
    const { revision, value } = await readState(this.#store, this.name)
    this.#trouble = undefined
    if (revision === this.#stateRevision && !retry) return
    this.#stateRevision = revision
    this.#stored = value
    if (value === undefined) return
    this.pool.forgetFailures()
    await this.pool.ensure(versionsOf(value))
    this.#serving = servable(value, this.pool) ?? this.#serving
    const kept = [value, this.#serving].flatMap((state) => (state ? versionsOf(state) : []))
    // Old revisions drain on their own time; the new ones answer already.
    this.pool.retire(kept).catch((error: unknown) => {
      this.#trouble = `an old revision did not close: ${messageOf(error)}`
    })
  }

  /** What stands between the stored state and the served one. */
  #problems(): string[] {
    const problems = this.#trouble === undefined ? [] : [this.#trouble]
    if (this.#stored === undefined) return [...problems, 'nothing is deployed']
    for (const version of versionsOf(this.#stored)) {
      const failure = this.pool.failureOf(version)
      if (failure !== undefined) problems.push(failure.message)
    }
    return problems
  }
}

async function readState(store: RecordStore, endpoint: string) {
  const { revision, value } = await store.readState<unknown>(endpointStateName(endpoint))
  return { revision, value: value === undefined ? undefined : endpointStateSchema.parse(value) }
}

function versionsOf(state: EndpointState): number[] {
  const { stable, previous } = state
  return [stable, challengerOf(state)?.version, previous].filter(
    (version) => typeof version === 'number',
  )
}

/**
 * The stored state as far as it is warm: nothing when the stable revision failed, without what is
 * rolled out when only that did.
 */
function servable(state: EndpointState, pool: RevisionPool): EndpointState | undefined {
  if (pool.get(state.stable) === undefined) return undefined
  const challenger = challengerOf(state)
  if (challenger === null || pool.get(challenger.version) !== undefined) return state
  return { ...state, state: 'stable', canary: null, trial: null }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
