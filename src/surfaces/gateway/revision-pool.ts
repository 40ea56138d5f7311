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
  /** Those in memory. */
  loaded(): readonly number[]
  /** Those that answer: in memory, or back there at their next request. */
  versions(): readonly number[]
  isServable(version: number): boolean
  inFlight(version: number): number
  report(): readonly RevisionReport[]
}

export function createRevisionPool(load: LoadVersion): RevisionPool {
  return new LoadedRevisions(load)
}

type LoadVersion = (version: number) => Promise<LoadedRevision>

class LoadedRevisions implements RevisionPool {
  readonly #load: LoadVersion
  readonly #entries = new Map<number, Entry>()
  readonly #draining = new Set<Entry>()
  readonly #failures = new Map<number, Error>()

  constructor(load: LoadVersion) {
    this.#load = load
  }

  async ensure(versions: readonly number[]): Promise<void> {
    for (const version of new Set(versions)) {
      if (!this.#entries.has(version) && !this.#failures.has(version)) await this.#add(version)
    }
  }

  forgetFailures(): void {
    this.#failures.clear()
  }

  get(version: number): LoadedRevision | undefined {
    return this.#entries.get(version)?.revision
  }

  async use<T>(revision: LoadedRevision, work: () => Promise<T>): Promise<T> {
    const { version } = revision.version
    const entry = this.#entries.get(version)
    if (entry?.revision !== revision) {
      throw gatewayErrors.REVISION_UNFIT({ version, reason: 'it was just taken out of service' })
    }
    entry.inFlight++
    try {
      return await work()
    } finally {
      entry.inFlight--
      if (entry.inFlight === 0) entry.onIdle?.()
    }
  }

  failureOf(version: number): Error | undefined {
    return this.#failures.get(version)
  }

  async retire(keep: readonly number[]): Promise<void> {
    const leaving = [...this.#entries].filter(([version]) => !keep.includes(version))
    for (const [version] of leaving) this.#entries.delete(version)
    await Promise.all(leaving.map(([, entry]) => this.#drain(entry)))
  }

  loaded(): readonly number[] {
    return [...this.#entries.keys()].sort((a, b) => a - b)
  }

  versions(): readonly number[] {
    return this.loaded()
  }

  isServable(version: number): boolean {
    return this.#entries.has(version)
  }

  inFlight(version: number): number {
    return this.#entries.get(version)?.inFlight ?? 0
  }

  report(): readonly RevisionReport[] {
    return [
      ...[...this.#entries.values()].map((entry) => reportOf(entry, 'ready')),
      ...[...this.#draining].map((entry) => reportOf(entry, 'draining')),
      ...[...this.#failures].map(([version, error]) => failureReport(version, error)),
    ]
  }

  async #add(version: number): Promise<void> {
    try {
      const revision = await this.#load(version)
      this.#entries.set(version, { revision, inFlight: 0, onIdle: undefined })
    } catch (error) {
      this.#failures.set(version, error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #drain(entry: Entry): Promise<void> {
    this.#draining.add(entry)
    if (entry.inFlight > 0) {
      await new Promise<void>((resolve) => {
        entry.onIdle = resolve
      })
    }
    this.#draining.delete(entry)
    await entry.revision.session.close()
  }
}

function reportOf({ revision, inFlight }: Entry, status: 'ready' | 'draining'): RevisionReport {
  return { version: revision.version.version, status, inFlight, error: null }
}

function failureReport(version: number, error: Error): RevisionReport {
  const code = isPlatformError(error) ? error.code : 'GATEWAY_FAULT'
  return { version, status: 'failed', inFlight: 0, error: { code, message: error.message } }
}
