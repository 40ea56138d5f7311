import { gatewayErrors } from '../errors.ts'

/** By when a request must be answered; handed to whatever spends time for it. */
export interface Deadline {
  /** On the scale of `performance.now()`, in milliseconds. */
  readonly atMs: number
  /** Milliseconds from the request's arrival to `atMs`. */
  readonly allowedMs: number
  /** Whether the caller hung up: nobody will read the answer. */
  isAbandoned(): boolean
  /**
   * Goes on while there is time and somebody waits.
   * @throws DEADLINE_PASSED, CALLER_GONE
   */
  check(): void
}

/** The deadline of one request; what the body says may still bring it forward. */
export class RequestDeadline implements Deadline {
  readonly arrivedMs: number
  readonly isAbandoned: () => boolean
  #allowedMs: number

  constructor(arrivedMs: number, allowedMs: number, isAbandoned: () => boolean) {
    this.arrivedMs = arrivedMs
    this.#allowedMs = allowedMs
    this.isAbandoned = isAbandoned
  }

  get allowedMs(): number {
    return this.#allowedMs
  }

  get atMs(): number {
    return this.arrivedMs + this.#allowedMs
  }

  /** @param allowedMs counted from the arrival; longer than before changes nothing */
  shorten(allowedMs: number): void {
    this.#allowedMs = Math.min(this.#allowedMs, allowedMs)
  }

  check(nowMs: number = performance.now()): void {
    if (nowMs >= this.atMs) throw this.passed()
    if (this.isAbandoned()) throw gatewayErrors.CALLER_GONE({})
  }

  passed() {
    return gatewayErrors.DEADLINE_PASSED({ allowedMs: Math.round(this.#allowedMs) })
  }
}
