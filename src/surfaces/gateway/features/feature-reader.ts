import type { OnlineRequest, OnlineRow, OnlineStore } from '../../../platform/storage/index.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'
import { createLastValues } from './last-values.ts'

/** What came of a question. */
export type FeatureAnswer =
  | { readonly outcome: 'answered'; readonly rows: readonly (OnlineRow | undefined)[] }
  /** The deadline came first, or so many before it are late that it was not asked. */
  | { readonly outcome: 'late' }
  | { readonly outcome: 'failed'; readonly cause: unknown }

/** Asks the online store, and is never kept waiting by it for longer than the deadline. */
export interface FeatureReader {
  /** The answer itself when the store has its rows at once. */
  read(requests: readonly OnlineRequest[], terms: ReadTerms): FeatureAnswer | Promise<FeatureAnswer>
  /** The newest row of the entity that was kept; undefined when there is none. */
  lastValue(request: OnlineRequest): OnlineRow | undefined
}

export interface ReadTerms {
  /** Milliseconds from the request's start. */
  readonly deadlineMs: number
  /** The request's start on the reader's clock. @default now */
  readonly startedAt?: number | undefined
  /** Keeps what the store answers, for when it does not. */
  readonly keeps: boolean
}

export interface FeatureReaderOptions {
  readonly online: OnlineStore
  /** Milliseconds of a clock that never goes back. @default performance.now */
  readonly now?: () => number
  /** Questions without an answer; beyond them none is asked. @default 256 */
  readonly mostUnderWay?: number
}

type AskNow = NonNullable<OnlineStore['readNow']>

interface Waiting {
  readonly keeps: boolean
  readonly dueAt: number
  readonly resolve: (answer: FeatureAnswer) => void
}

const LATE: FeatureAnswer = { outcome: 'late' }

export function createFeatureReader(options: FeatureReaderOptions): FeatureReader {
  return new GuardedReader(options)
}

class GuardedReader implements FeatureReader {
  readonly #online: OnlineStore
  /** Only of a store that has its rows at once. */
  readonly #askNow: AskNow | undefined
  readonly #now: () => number
  readonly #mostUnderWay: number
  readonly #last = createLastValues()
  readonly #breaker = createCircuitBreaker()
  readonly #waiting = new Set<Waiting>()
  #underWay = 0
  /** What the store did last when it did not answer. */
  #trouble: FeatureAnswer = LATE
  #timer: NodeJS.Timeout | undefined
  #timerDueAt = Number.POSITIVE_INFINITY

  constructor(options: FeatureReaderOptions) {
    this.#online = options.online
    this.#askNow = options.online.readNow?.bind(options.online)
    this.#now = options.now ?? (() => performance.now())
    this.#mostUnderWay = options.mostUnderWay ?? 256
  }

  lastValue(request: OnlineRequest): OnlineRow | undefined {
    return this.#last.get(request)
  }

  read(
    requests: readonly OnlineRequest[],
    terms: ReadTerms,
  ): FeatureAnswer | Promise<FeatureAnswer> {
    // The clock is asked only by those who need it: a store that answers at once is never late.
    if (this.#breaker.isResting && !this.#breaker.allows(this.#now())) return this.#trouble
    if (this.#askNow !== undefined) return this.#readNow(this.#askNow, requests, terms.keeps)
    if (this.#underWay >= this.#mostUnderWay) return LATE
    return this.#readLater(requests, terms)
  }

  #readNow(ask: AskNow, requests: readonly OnlineRequest[], keeps: boolean): FeatureAnswer {
    let rows: readonly (OnlineRow | undefined)[]
    try {
      rows = ask(requests)
    } catch (cause) {
      return this.#troubled({ outcome: 'failed', cause })
    }
    if (keeps) this.#keep(requests, rows)
    this.#breaker.succeeded()
    return { outcome: 'answered', rows }
  }

  #readLater(requests: readonly OnlineRequest[], terms: ReadTerms): Promise<FeatureAnswer> {
    return new Promise((resolve) => {
      const now = this.#now()
      const dueAt = (terms.startedAt ?? now) + terms.deadlineMs
      const waiting = { dueAt, resolve, keeps: terms.keeps }
      this.#underWay++
      this.#waiting.add(waiting)
      this.#online.read(requests).then(
        (rows) => this.#answered(waiting, requests, rows),
        (cause: unknown) => this.#failed(waiting, { outcome: 'failed', cause }),
      )
      this.#watch(dueAt, now)
    })
  }

  #answered(
    waiting: Waiting,
    requests: readonly OnlineRequest[],
    rows: readonly (OnlineRow | undefined)[],
  ): void {
    this.#underWay--
    if (waiting.keeps) this.#keep(requests, rows)
    // Too late for this request, but good to know for the next.
    if (!this.#waiting.delete(waiting)) return
    this.#breaker.succeeded()
    waiting.resolve({ outcome: 'answered', rows })
  }

  #failed(waiting: Waiting, trouble: FeatureAnswer): void {
    this.#underWay--
    if (!this.#waiting.delete(waiting)) return
    this.#giveUp(waiting, trouble)
  }

  #giveUp(waiting: Waiting, trouble: FeatureAnswer): void {
    waiting.resolve(this.#troubled(trouble))
  }

  #troubled(trouble: FeatureAnswer): FeatureAnswer {
    this.#trouble = trouble
    this.#breaker.failed(this.#now())
    return trouble
  }

  #keep(requests: readonly OnlineRequest[], rows: readonly (OnlineRow | undefined)[]): void {
    for (let i = 0; i < requests.length; i++) {
      const request = requests[i]
      const row = rows[i]
      if (request !== undefined && row !== undefined) this.#last.keep(request, row)
    }
  }

  /** One timer for all that wait: a store that answers in the same turn never has one set anew. */
  #watch(dueAt: number, now: number): void {
    if (dueAt >= this.#timerDueAt) return
    clearTimeout(this.#timer)
    this.#timerDueAt = dueAt
    this.#timer = setTimeout(() => this.#sweep(), Math.max(0, dueAt - now))
  }

  #sweep(): void {
    this.#timer = undefined
    this.#timerDueAt = Number.POSITIVE_INFINITY
    const now = this.#now()
    let next = Number.POSITIVE_INFINITY
    for (const waiting of this.#waiting) {
      // Timers may fire a part of a millisecond early.
      if (waiting.dueAt - now < 1) {
        this.#waiting.delete(waiting)
        this.#giveUp(waiting, LATE)
      } else {
        next = Math.min(next, waiting.dueAt)
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#watch(next, now)
  }
}
