import { isPlatformError } from '../../core/errors/index.ts'
import type { Deadline } from './admission/deadline.ts'
import { gatewayErrors } from './errors.ts'
import { HeldRevision, type HoldOptions, type LoadCounts } from './held-revision.ts'
import type { LoadedRevision, RevisionSource } from './load-revision.ts'

export interface RevisionReport {
  readonly version: number
  /** `unloaded`: out of memory, and back there at its next request. */
  readonly status: 'ready' | 'unloaded' | 'draining' | 'failed'
  readonly inFlight: number
  /** About what it takes in memory now. */
  readonly memoryBytes: number
  /** Why the warm-up, or the last load, failed. */
  readonly error: { readonly code: string; readonly message: string } | null
}

/** The revisions of an endpoint, with the requests that each still answers. */
export interface RevisionPool {
  /**
   * Finds and loads what is missing; failures are kept and reported, and not tried again until
   * `forgetFailures`.
   * @param traffic must be in memory before this settles
   * @param standby are loaded when there is room without anybody leaving
   */
  ensure(traffic: readonly number[], standby?: readonly number[]): Promise<void>
  forgetFailures(): void
  /**
   * Tries again what could not be loaded, one version after the other: a file may be whole again.
   * What failed its warm-up is tried later and later, and no more when the model itself is refused.
   * @returns whether anything came back
   */
  heal(versions: readonly number[]): Promise<boolean>
  get(version: number): LoadedRevision | undefined
  /**
   * Holds a revision in memory for the length of `work`; what was unloaded is loaded first.
   * @throws MODEL_NOT_IN_MEMORY
   */
  use<T>(revision: LoadedRevision, work: () => Promise<T>): Promise<T>
  /** The same in parts, for who counts every microsecond: whoever holds must release. */
  hold(revision: LoadedRevision): Hold
  failureOf(version: number): Error | undefined
  /** Takes revisions out of service and closes each after its last request. */
  retire(keep: readonly number[]): Promise<void>
  /** Those in memory. */
  loaded(): readonly number[]
  /** Those that answer: in memory, or back there at their next request. */
  versions(): readonly number[]
  /** In memory, or not known to fail on the way back. */
  isServable(version: number): boolean
  inFlight(version: number): number
  report(): readonly RevisionReport[]
  readonly counts: Readonly<LoadCounts>
}

/** A revision that stays as long as it is held. */
export interface Hold {
  /**
   * Settled once its model is in memory; undefined when it is there already.
   * @param deadline by when the answer must be there; loading is waited for ten seconds at most
   * @throws MODEL_NOT_IN_MEMORY
   */
  inMemory(deadline?: Pick<Deadline, 'atMs'>): Promise<void> | undefined
  /** Once. */
  release(): void
}

type FindVersion = (version: number) => Promise<RevisionSource>

export function createRevisionPool(
  find: FindVersion,
  options: Omit<HoldOptions, 'counts'>,
): RevisionPool {
  return new HeldRevisions(find, options)
}

const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 60_000

/** A version that failed its warm-up. */
interface Failure {
  readonly error: Error
  /** By `performance.now`. */
  readonly atMs: number
  /** How long after that it is tried again. */
  readonly waitMs: number
}

class HeldRevisions implements RevisionPool {
  readonly counts: LoadCounts = { loads: 0, unloads: 0, failures: 0 }
  readonly #find: FindVersion
  readonly #options: HoldOptions
  readonly #entries = new Map<number, HeldRevision>()
  readonly #draining = new Set<HeldRevision>()
  readonly #failures = new Map<number, Failure>()

  constructor(find: FindVersion, options: Omit<HoldOptions, 'counts'>) {
    this.#find = find
    this.#options = { ...options, counts: this.counts }
  }

  async ensure(traffic: readonly number[], standby: readonly number[] = []): Promise<void> {
    for (const version of new Set(traffic)) {
      if (!this.#failures.has(version)) await this.#warm(version)
    }
    for (const version of new Set(standby)) {
      if (!this.#entries.has(version) && !this.#failures.has(version)) await this.#keep(version)
    }
  }

  forgetFailures(): void {
    this.#failures.clear()
    for (const held of this.#entries.values()) held.forgetFailure()
  }

  async heal(versions: readonly number[]): Promise<boolean> {
    let isAnyBack = false
    for (const version of versions) {
      const held = this.#entries.get(version)
      const failed = this.#failures.get(version)
      // It stays reported as failed until it goes well.
      if (held?.failure !== undefined) await held.load().catch(() => {})
      else if (failed !== undefined && isDue(failed)) await this.#warm(version)
      else continue
      isAnyBack ||= this.failureOf(version) === undefined
    }
    return isAnyBack
  }

  get(version: number): LoadedRevision | undefined {
    return this.#entries.get(version)?.revision
  }

  async use<T>(revision: LoadedRevision, work: () => Promise<T>): Promise<T> {
    const hold = this.hold(revision)
    try {
      await hold.inMemory()
      return await work()
    } finally {
      hold.release()
    }
  }

  hold(revision: LoadedRevision): Hold {
    const { version } = revision.version
    const held = this.#entries.get(version)
    if (held?.revision !== revision) {
      throw gatewayErrors.REVISION_UNFIT({ version, reason: 'it was just taken out of service' })
    }
    held.hold()
    return held
  }

  failureOf(version: number): Error | undefined {
    return this.#failures.get(version)?.error ?? this.#entries.get(version)?.failure
  }

  async retire(keep: readonly number[]): Promise<void> {
    const leaving = [...this.#entries].filter(([version]) => !keep.includes(version))
    for (const [version] of leaving) this.#entries.delete(version)
    await Promise.all(leaving.map(([, held]) => this.#drain(held)))
  }

  loaded(): readonly number[] {
    return this.versions().filter((version) => this.#entries.get(version)?.isLoaded === true)
  }

  versions(): readonly number[] {
    return [...this.#entries.keys()].sort((a, b) => a - b)
  }

  isServable(version: number): boolean {
    const held = this.#entries.get(version)
    return held !== undefined && (held.isLoaded || held.failure === undefined)
  }

  inFlight(version: number): number {
    return this.#entries.get(version)?.inFlight ?? 0
  }

  report(): readonly RevisionReport[] {
    return [
      ...[...this.#entries.values()].map((held) => reportOf(held, statusOf(held))),
      ...[...this.#draining].map((held) => reportOf(held, 'draining')),
      ...[...this.#failures].map(([version, { error }]) => failureReport(version, error)),
    ]
  }

  /** In memory and probed, or known to have failed. */
  async #warm(version: number): Promise<void> {
    try {
      const before = this.#entries.get(version)
      // What was a shadow and is to answer now is loaded anew; until then it answers from where it is.
      const known = before?.isMisplaced === true ? undefined : before
      const held = known ?? new HeldRevision(await this.#find(version), this.#options)
      if (!held.isLoaded) {
        await held.load()
        held.touch()
      }
      this.#entries.set(version, held)
      this.#failures.delete(version)
      if (before !== undefined && before !== held) this.#drain(before).catch(() => {})
    } catch (error) {
      // What was warm before says on its own why it is not any more.
      if (!this.#entries.has(version)) this.#fail(version, error)
    }
  }

  /** Known, and in memory when nobody has to leave for it. */
  async #keep(version: number): Promise<void> {
    try {
      const held = new HeldRevision(await this.#find(version), this.#options)
      if (this.#options.budget.hasRoom(held.bytes)) await held.load()
      this.#entries.set(version, held)
    } catch (error) {
      this.#fail(version, error)
    }
  }

  #fail(version: number, error: unknown): void {
    const before = this.#failures.get(version)
    const waitMs =
      before === undefined ? FIRST_RETRY_MS : Math.min(LAST_RETRY_MS, 2 * before.waitMs)
    this.#failures.set(version, { error: asError(error), atMs: performance.now(), waitMs })
  }

  async #drain(held: HeldRevision): Promise<void> {
    this.#draining.add(held)
    if (held.inFlight > 0) {
      await new Promise<void>((resolve) => {
        held.onIdle = resolve
      })
    }
    this.#draining.delete(held)
    await held.close()
  }
}

/** A model that is refused for what it is stays so, and trying it costs another process. */
function isDue({ error, atMs, waitMs }: Failure): boolean {
  return !isPlatformError(error.cause, 'MODEL_NOT_ALLOWED') && performance.now() >= atMs + waitMs
}

function statusOf(held: HeldRevision): RevisionReport['status'] {
  if (held.isLoaded) return 'ready'
  return held.failure === undefined ? 'unloaded' : 'failed'
}

function reportOf(held: HeldRevision, status: RevisionReport['status']): RevisionReport {
  const { number: version, inFlight, failure } = held
  const memoryBytes = held.isLoaded ? held.bytes : 0
  const error = failure === undefined ? null : errorOf(failure)
  return { version, status, inFlight, memoryBytes, error }
}

function failureReport(version: number, error: Error): RevisionReport {
  return { version, status: 'failed', inFlight: 0, memoryBytes: 0, error: errorOf(error) }
}

function errorOf(error: Error): { readonly code: string; readonly message: string } {
  return { code: isPlatformError(error) ? error.code : 'GATEWAY_FAULT', message: error.message }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
