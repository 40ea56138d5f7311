import type { ObservedRequest, RequestObserver } from './probing/request-observer.ts'

/** Requests that wait to be observed; more are dropped, and counted. */
const MAX_WAITING = 2_000
/** Requests observed in one turn of the event loop, so that answers never wait for long. */
const PER_TURN = 64

/** Tells observers of answered requests outside the answers' path. */
export interface DeferredObservers extends RequestObserver {
  /** Requests that were not observed because too many waited. */
  readonly dropped: number
}

export function createDeferredObservers(
  observers: readonly RequestObserver[],
  onFault: (error: unknown) => void,
): DeferredObservers {
  let waiting: ObservedRequest[] = []
  let dropped = 0
  let isDue = false

  function observe(): void {
    const due = waiting.slice(0, PER_TURN)
    waiting = waiting.slice(PER_TURN)
    for (const request of due) {
      for (const observer of observers) {
        try {
          observer.answered(request)
        } catch (error) {
          onFault(error)
        }
      }
    }
    isDue = waiting.length > 0
    if (isDue) setImmediate(observe)
  }

  return {
    answered(request) {
      if (waiting.length >= MAX_WAITING) {
        dropped++
        return
      }
      waiting.push(request)
      if (isDue) return
      isDue = true
      setImmediate(observe)
    },
    get dropped() {
      return dropped
    },
  }
}
