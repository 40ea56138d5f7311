import { isPlatformError } from '../../core/errors/index.ts'
import { gatewayErrors } from './errors.ts'
import type { LoadedRevision } from './load-revision.ts'

export interface RevisionReport {
  readonly version: number
  readonly status: 'ready' | 'draining' | 'failed'
  readonly inFlight: number
  /** Why the warm-up failed. */
  readonly error: { readonly code: string; readonly message: string } | null
}

interface Entry {
  readonly revision: LoadedRevision
  inFlight: number
  draining: boolean
  /** Told when the last request under way has ended. */
  onIdle: (() => void) | undefined
}

/** The revisions in memory, with the requests that each still answers. */
export interface RevisionPool {
  /** Loads what is missing; failures are kept and reported, and not tried again until `forgetFailures`. */
  ensure(versions: readonly number[]): Promise<void>
  forgetFailures(): void
  get(version: number): LoadedRevision | undefined
  /** Holds a revision open for the length of `work`. */
  use<T>(revision: LoadedRevision, work: () => Promise<T>): Promise<T>
  failureOf(version: number): Error | undefined
  /** Takes revisions out of service and closes each after its last request. */
  retire(keep: readonly number[]): Promise<void>
  loaded(): readonly number[]
  inFlight(version: number): number
  report(): readonly RevisionReport[]
}

export function createRevisionPool(
  load: (version: number) => Promise<LoadedRevision>,
): RevisionPool {
  const entries = new Map<number, Entry>()
  const draining = new Set<Entry>()
  const failures = new Map<number, Error>()

  async function add(version: number): Promise<void> {
    try {
      const revision = await load(version)
      entries.set(version, { revision, inFlight: 0, draining: false, onIdle: undefined })
    } catch (error) {
      failures.set(version, error instanceof Error ? error : new Error(String(error)))
    }
  }

  async function drain(entry: Entry): Promise<void> {
    entry.draining = true
    draining.add(entry)
    if (entry.inFlight > 0) {
      await new Promise<void>((resolve) => {
        entry.onIdle = resolve
      })
    }
    draining.delete(entry)
    await entry.revision.session.close()
  }

  function entryOf(revision: LoadedRevision): Entry | undefined {
    const entry = entries.get(revision.version.version)
    return entry?.revision === revision ? entry : undefined
  }

  return {
    async ensure(versions) {
      for (const version of new Set(versions)) {
        if (!entries.has(version) && !failures.has(version)) await add(version)
      }
    },
    forgetFailures: () => failures.clear(),
    get: (version) => entries.get(version)?.revision,
    async use(revision, work) {
      const entry = entryOf(revision)
      if (entry === undefined) {
        const version = revision.version.version
        throw gatewayErrors.REVISION_UNFIT({ version, reason: 'it was just taken out of service' })
      }
      entry.inFlight++
      try {
        return await work()
      } finally {
        entry.inFlight--
        if (entry.inFlight === 0) entry.onIdle?.()
      }
    },
    failureOf: (version) => failures.get(version),
    async retire(keep) {
      const leaving = [...entries].filter(([version]) => !keep.includes(version))
      for (const [version] of leaving) entries.delete(version)
      await Promise.all(leaving.map(([, entry]) => drain(entry)))
    },
    loaded: () => [...entries.keys()].sort((a, b) => a - b),
    inFlight: (version) => entries.get(version)?.inFlight ?? 0,
    report: () => [
      ...[...entries.values(), ...draining].map(reportOf),
      ...[...failures].map(([version, error]) => failureReport(version, error)),
    ],
  }
}

function reportOf({ revision, inFlight, draining }: Entry): RevisionReport {
  const status = draining ? 'draining' : 'ready'
  return { version: revision.version.version, status, inFlight, error: null }
}

function failureReport(version: number, error: Error): RevisionReport {
  const code = isPlatformError(error) ? error.code : 'GATEWAY_FAULT'
  return { version, status: 'failed', inFlight: 0, error: { code, message: error.message } }
}
