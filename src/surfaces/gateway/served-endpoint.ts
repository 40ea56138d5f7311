import { isPlatformError } from '../../core/errors/index.ts'
import { type EndpointState, endpointStateSchema } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import {
  type ChosenRevision,
  challengerOf,
  chooseRevision,
  endpointStateName,
} from '../../stages/deployment/index.ts'
import { gatewayErrors } from './errors.ts'
import { findRevision, type LoadedRevision, type RevisionSources } from './load-revision.ts'
import { createMemoryBudget, type MemoryBudget } from './memory-budget.ts'
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

/** With what the endpoint's settings say. */
export interface EndpointDescription extends EndpointReport {
  /** `none`: no answer is kept, so that nothing can be watched, judged or labelled. */
  readonly predictionLog: 'all' | 'none'
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
  /** Whether a version answers requests or is shown them, by the stored state or the served one. */
  takesPart(version: number): boolean
  report(): EndpointReport
  /** From now on not ready, though it answers: what asks for readiness shall turn elsewhere. */
  leave(): void
  close(): Promise<void>
}

export interface ServingMemory {
  /** Shared by the endpoints of a gateway. @default one without a limit */
  readonly budget?: MemoryBudget
  /** Whether the stable revision stays in memory whatever the budget says. @default false */
  readonly isPinned?: boolean
}

export function createServedEndpoint(
  name: string,
  sources: RevisionSources,
  memory: ServingMemory = {},
): ServedEndpoint {
  return new FollowedEndpoint(name, sources, memory)
}

class FollowedEndpoint implements ServedEndpoint {
  readonly name: string
  readonly pool: RevisionPool
  readonly #store: RecordStore
  #stored: EndpointState | undefined
  #serving: EndpointState | undefined
  #stateRevision = -1
  #trouble: string | undefined
  #isLeaving = false
  #following: Promise<void> = Promise.resolve()

  constructor(name: string, sources: RevisionSources, memory: ServingMemory) {
    const model = sources.project.name
    this.name = name
    this.pool = createRevisionPool((version) => findRevision(version, model, sources), {
      endpoint: name,
      budget: memory.budget ?? createMemoryBudget(),
      isPinned: (version) => memory.isPinned === true && version === this.#serving?.stable,
      isShadow: (version) => version === shadowOf(this.#stored),
    })
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
    if (this.#isLeaving) return false
    return this.#serving !== undefined && this.pool.isServable(this.#serving.stable)
  }

  get serving(): EndpointState | undefined {
    return this.#serving
  }

  takesPart(version: number): boolean {
    const states = [this.#stored, this.#serving].filter((state) => state !== undefined)
    return states.some((state) => trafficOf(state).includes(version))
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

  leave(): void {
    this.#isLeaving = true
  }

  async close(): Promise<void> {
    await this.#following
    this.#serving = undefined
    await this.pool.retire([])
  }

  async #followNow(retry: boolean): Promise<void> {
    const { revision, value } = await readState(this.#store, this.name)
    this.#trouble = undefined
    if (revision === this.#stateRevision && !retry) {
      // A file that is whole again shall be found without a request that fails before.
      if (value !== undefined && (await this.pool.heal(trafficOf(value)))) this.#take(value)
      return
    }
    this.#stateRevision = revision
    this.#stored = value
    if (value === undefined) return
    this.pool.forgetFailures()
    await this.pool.ensure(trafficOf(value), standbyOf(value))
    if (trafficOf(value).some((version) => isRetryable(this.pool.failureOf(version)))) {
      // There was no room for it now: the next look tries again.
      this.#stateRevision = -1
    }
    this.#take(value)
  }

  /** Serves the state as far as it is warm, and lets go of what it does not name. */
  #take(value: EndpointState): void {
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

/** What answers requests or is shown them. */
function trafficOf(state: EndpointState): number[] {
  const challenger = challengerOf(state)
  return challenger === null ? [state.stable] : [state.stable, challenger.version]
}

/** The version that is shown requests and answers none. */
function shadowOf(state: EndpointState | undefined): number | undefined {
  const challenger = challengerOf(state)
  return challenger?.kind === 'shadow' ? challenger.version : undefined
}

/** What is kept for an instant way back. */
function standbyOf({ previous }: EndpointState): number[] {
  return typeof previous === 'number' ? [previous] : []
}

function versionsOf(state: EndpointState): number[] {
  return [...new Set([...trafficOf(state), ...standbyOf(state)])]
}

function isRetryable(error: Error | undefined): boolean {
  return isPlatformError(error) && error.code === 'MEMORY_BUDGET_BUSY'
}

/**
 * The stored state as far as it is warm: nothing when the stable revision failed, without what is
 * rolled out when only that did.
 */
function servable(state: EndpointState, pool: RevisionPool): EndpointState | undefined {
  if (!pool.isServable(state.stable)) return undefined
  const challenger = challengerOf(state)
  if (challenger === null || pool.isServable(challenger.version)) return state
  return { ...state, state: 'stable', canary: null, trial: null }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
