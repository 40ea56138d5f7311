/**
 * Keeps a store that fails from being asked by every request: after several failures in a row it is
 * asked only now and then, by one request, until it answers again.
 */
export interface CircuitBreaker {
  /** Whether the store may be asked now; while it rests a yes is given once in each span. */
  allows(nowMs: number): boolean
  succeeded(): void
  failed(nowMs: number): void
  readonly isResting: boolean
}

export interface CircuitBreakerOptions {
  /** Failures in a row before it rests. @default 5 */
  readonly failures?: number
  /** Milliseconds between two attempts while it rests. @default 1,000 */
  readonly retryEveryMs?: number
}

/** Its times are those of any clock that never goes back. */
export function createCircuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  const { failures = 5, retryEveryMs = 1_000 } = options
  let inARow = 0
  let nextAttemptMs = Number.NEGATIVE_INFINITY
  return {
    allows(nowMs) {
      if (inARow < failures) return true
      if (nowMs < nextAttemptMs) return false
      nextAttemptMs = nowMs + retryEveryMs
      return true
    },
    succeeded() {
      inARow = 0
    },
    failed(nowMs) {
      inARow++
      if (inARow === failures) nextAttemptMs = nowMs + retryEveryMs
    },
    get isResting() {
      return inARow >= failures
    },
  }
}
