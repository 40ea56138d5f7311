import { isPlatformError } from '../../core/errors/index.ts'
import type { Deadline } from './admission/deadline.ts'
import { gatewayErrors } from './errors.ts'
import type { Resident } from './least-recently-used.ts'
import type { LoadedRevision, OpenModel, RevisionSource } from './load-revision.ts'
import type { MemoryBudget } from './memory-budget.ts'

export interface HoldOptions {
  readonly endpoint: string
  readonly budget: MemoryBudget
  readonly counts: LoadCounts
  /** Whether a version stays in memory whatever happens; asked whenever room is needed. */
  readonly isPinned: (version: number) => boolean
  /** Whether nobody waits for a version's answers; asked whenever its model is loaded. */
  readonly isShadow: (version: number) => boolean
}

/** Since the start. */
export interface LoadCounts {
  loads: number
  unloads: number
  failures: number
}

/** How long a load waits for room in the budget. */
const ROOM_WITHIN_MS = 10_000
/** How long a request waits for its model, when its deadline is later. */
const LOAD_WITHIN_MS = 10_000
/** A request that waits in vain is told why shortly before its time is up. */
const ANSWER_MS = 20
/** A failed load is not tried again before; a request in between gets the same answer. */
const RETRY_AFTER_MS = 1_000

interface Failure {
  readonly error: Error
  readonly atMs: number
}

/**
 * A version that an endpoint answers with. Its description stays in memory; its model comes and goes
 * as the budget has it.
 */
export class HeldRevision implements Resident {
  readonly revision: LoadedRevision
  readonly bytes: number
  lastUsed = 0
  inFlight = 0
  /** Told when the last request under way has ended. */
  onIdle: (() => void) | undefined
  readonly #source: RevisionSource
  readonly #options: HoldOptions
  #model: OpenModel | undefined
  #isApart = false
  #loading: Promise<void> | undefined
  #leaving: Promise<void> | undefined
  #failure: Failure | undefined

  constructor(source: RevisionSource, options: HoldOptions) {
    const { version, plan, bytes } = source
    this.#source = source
    this.#options = options
    this.bytes = bytes
    this.revision = {
      version,
      plan,
      predict: (inputs, deadline) => {
        if (this.#model === undefined) throw this.#notThere('it is not held by this request')
        return this.#model.predict(inputs, deadline)
      },
    }
  }

  get number(): number {
    return this.revision.version.version
  }

  get isLoaded(): boolean {
    return this.#model?.hasEnded === false
  }

  /** Whether its model is in memory where callers would wait for it, or the other way round. */
  get isMisplaced(): boolean {
    return this.isLoaded && this.#isApart !== this.#options.isShadow(this.number)
  }

  get isBusy(): boolean {
    return this.inFlight > 0
  }

  get isPinned(): boolean {
    return this.#options.isPinned(this.number)
  }

  /** Of the last load; undefined after one that went well. */
  get failure(): Error | undefined {
    return this.#failure?.error
  }

  /** A request is under way with it, until `release`. */
  hold(): void {
    this.inFlight++
    this.touch()
  }

  inMemory(deadline?: Pick<Deadline, 'atMs'>): Promise<void> | undefined {
    if (this.isLoaded) return undefined
    const leftMs =
      deadline === undefined ? LOAD_WITHIN_MS : deadline.atMs - performance.now() - ANSWER_MS
    return this.#loadWithin(Math.min(LOAD_WITHIN_MS, leftMs))
  }

  release(): void {
    this.inFlight--
    if (this.inFlight > 0) return
    this.onIdle?.()
    this.#options.budget.stir()
  }

  touch(): void {
    this.lastUsed = this.#options.budget.tick()
  }

  /** Lets the next load try at once. */
  forgetFailure(): void {
    if (this.#failure !== undefined) this.#failure = { ...this.#failure, atMs: -Infinity }
  }

  /**
   * Brings the model into memory unless it is there: once for all that wait.
   * @throws REVISION_UNFIT, MEMORY_BUDGET_TOO_SMALL, MEMORY_BUDGET_BUSY
   */
  load(): Promise<void> {
    if (this.isLoaded) return Promise.resolve()
    const failed = this.#failure
    if (failed !== undefined && performance.now() < failed.atMs + RETRY_AFTER_MS) {
      return Promise.reject(failed.error)
    }
    this.#loading ??= this.#loadNow().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /**
   * The same for a request that waits no longer than it may.
   * @throws MODEL_NOT_IN_MEMORY
   */
  async #loadWithin(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const error = this.#notThere('loading it takes longer than the request may wait')
      timer = setTimeout(() => reject(error), Math.max(0, withinMs))
    })
    try {
      await Promise.race([this.load(), late])
    } catch (cause) {
      if (!isPlatformError(cause) || cause.code === 'MODEL_NOT_IN_MEMORY') throw cause
      throw this.#notThere(cause.message.replace(/\.$/, ''), cause)
    } finally {
      clearTimeout(timer)
    }
  }

  leave(): Promise<void> {
    const model = this.#model
    this.#model = undefined
    if (model === undefined) return this.#leaving ?? Promise.resolve()
    this.#options.counts.unloads++
    this.#leaving = model.close()
    return this.#leaving
  }

  /** Out of memory for good, after its last request. */
  async close(): Promise<void> {
    await this.#loading?.catch(() => {})
    const { budget } = this.#options
    budget.remove(this)
    const wasLoaded = this.#model !== undefined
    try {
      await this.leave()
    } finally {
      if (wasLoaded) budget.giveBack(this.bytes)
    }
  }

  async #loadNow(): Promise<void> {
    const { budget, counts } = this.#options
    this.#forgetEnded()
    await budget.take(this.bytes, ROOM_WITHIN_MS)
    try {
      this.#isApart = this.#options.isShadow(this.number)
      this.#model = await this.#source.open(this.#isApart)
    } catch (error) {
      budget.giveBack(this.bytes)
      counts.failures++
      const told = error instanceof Error ? error : new Error(String(error))
      this.#failure = { error: told, atMs: performance.now() }
      throw told
    }
    this.#failure = undefined
    counts.loads++
    budget.add(this)
  }

  /** What it computed in has ended: nothing of it is in memory any more. */
  #forgetEnded(): void {
    const model = this.#model
    if (model === undefined) return
    this.#model = undefined
    // Nothing is left to close, but where it was may be used again.
    model.close().catch(() => {})
    const { budget } = this.#options
    budget.remove(this)
    budget.giveBack(this.bytes)
  }

  #notThere(reason: string, cause?: unknown) {
    const { endpoint } = this.#options
    const told = { endpoint, version: this.number, reason, retryAfterSeconds: 1 }
    return gatewayErrors.MODEL_NOT_IN_MEMORY(told, cause)
  }
}
