import { type EndpointState, endpointStateSchema } from '../../core/records/index.ts'
import type { RecordStore } from '../../platform/storage/index.ts'
import {
  type ChosenRevision,
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
  /** @throws ENDPOINT_NOT_READY */
  route(requestId: string): Routed
  /** @throws MODEL_VERSION_UNKNOWN */
  routeTo(version: string): Routed
  readonly ready: boolean
  readonly serving: EndpointState | undefined
  report(): EndpointReport
  close(): Promise<void>
}

interface Standing {
  stored: EndpointState | undefined
  serving: EndpointState | undefined
  stateRevision: number
  trouble: string | undefined
  following: Promise<void>
}

export function createServedEndpoint(name: string, sources: RevisionSources): ServedEndpoint {
  const model = sources.project.name
  const pool = createRevisionPool((version) => loadRevision(version, model, sources))
  const standing: Standing = {
    stored: undefined,
    serving: undefined,
    stateRevision: -1,
    trouble: undefined,
    following: Promise.resolve(),
  }

  async function followNow(retry: boolean): Promise<void> {
    const { revision, value } = readState(sources.store, name)
    standing.trouble = undefined
    if (revision === standing.stateRevision && !retry) return
    standing.stateRevision = revision
    standing.stored = value
    if (value === undefined) return
    pool.forgetFailures()
    await pool.ensure(versionsOf(value))
    standing.serving = servable(value, pool) ?? standing.serving
    const kept = [value, standing.serving].flatMap((state) => (state ? versionsOf(state) : []))
    // Old revisions drain on their own time; the new ones answer already.
    pool.retire(kept).catch((error: unknown) => {
      standing.trouble = `an old revision did not close: ${messageOf(error)}`
    })
  }

  return {
    name,
    pool,
    follow({ retry = false } = {}) {
      // One at a time, and a trouble with the store never takes the serving revision away.
      standing.following = standing.following.then(() =>
        followNow(retry).catch((error: unknown) => {
          standing.trouble = `the endpoint's state cannot be read: ${messageOf(error)}`
        }),
      )
      return standing.following
    },
    route(requestId) {
      const state = standing.serving
      const chosen = state === undefined ? undefined : chooseRevision(state, requestId)
      const revision = chosen === undefined ? undefined : pool.get(chosen.version)
      if (chosen === undefined || revision === undefined) {
        const reason = problemsOf(standing, pool).join('; ') || 'its first version is warming up'
        throw gatewayErrors.ENDPOINT_NOT_READY({
          endpoint: name,
          reason: reason.replace(/\.$/, ''),
        })
      }
      return { chosen, revision }
    },
    routeTo(version) {
      const revision = /^\d{1,9}$/.test(version) ? pool.get(Number(version)) : undefined
      if (revision === undefined) {
        const loaded = pool.loaded()
        throw gatewayErrors.MODEL_VERSION_UNKNOWN({ model: name, version, loaded })
      }
      const number = revision.version.version
      const role = standing.serving?.canary?.version === number ? 'canary' : 'stable'
      return { chosen: { version: number, role }, revision }
    },
    get ready() {
      return standing.serving !== undefined && pool.get(standing.serving.stable) !== undefined
    },
    get serving() {
      return standing.serving
    },
    report() {
      return {
        endpoint: name,
        state: standing.stored ?? null,
        serving: standing.serving ?? null,
        stateRevision: standing.stateRevision,
        ready: this.ready,
        revisions: pool.report(),
        problems: problemsOf(standing, pool),
      }
    },
    async close() {
      await standing.following
      standing.serving = undefined
      await pool.retire([])
    },
  }
}

function readState(store: RecordStore, endpoint: string) {
  const { revision, value } = store.readState<unknown>(endpointStateName(endpoint))
  return { revision, value: value === undefined ? undefined : endpointStateSchema.parse(value) }
}

function versionsOf({ stable, previous, canary }: EndpointState): number[] {
  return [stable, canary?.version, previous].filter((version) => typeof version === 'number')
}

/**
 * The stored state as far as it is warm: nothing when the stable revision failed, without the canary
 * when only that did.
 */
function servable(state: EndpointState, pool: RevisionPool): EndpointState | undefined {
  if (pool.get(state.stable) === undefined) return undefined
  const { canary } = state
  if (canary === null || pool.get(canary.version) !== undefined) return state
  return { ...state, state: 'stable', canary: null }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function problemsOf({ stored, trouble }: Standing, pool: RevisionPool): string[] {
  const problems = trouble === undefined ? [] : [trouble]
  if (stored === undefined) return [...problems, 'nothing is deployed']
  for (const version of versionsOf(stored)) {
    const failure = pool.failureOf(version)
    if (failure !== undefined) problems.push(failure.message)
  }
  return problems
}
