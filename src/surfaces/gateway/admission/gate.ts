import type { DeploymentPolicy } from '../../../core/records/index.ts'
import type { Inference } from '../infer.ts'
import { type Admission, createAdmission } from './admission.ts'
import { createDeferredObservers } from './deferred-observers.ts'
import { createProbingWatch, type Suspicion } from './probing/probing-watch.ts'
import type { Caller, RequestObserver } from './probing/request-observer.ts'

export interface GateOptions {
  readonly endpoint: string
  /** Read at each request: it may change while the gateway runs. */
  readonly policy: () => DeploymentPolicy
  /** Told, beside the built-in detector, of every answered request. @default nobody */
  readonly observers?: readonly RequestObserver[] | undefined
  /** Told of faults of observers. */
  readonly onFault: (error: unknown) => void
}

export interface GateCounts {
  readonly overloaded: number
  readonly rateLimited: number
  readonly probingRefused: number
  readonly suspicions: number
  /** Answered requests that no observer saw: too many waited. */
  readonly unobserved: number
}

/** What stands before an endpoint: who gets in, and who is watched. */
export interface Gate {
  readonly admission: Admission
  /** Tells observers of an answer, later. */
  answered(caller: Caller, answer: Inference): void
  readonly counts: GateCounts
  /** Adds somebody who is told once of each suspected window of a caller. */
  onSuspicion(listener: (suspicion: Suspicion) => void): void
  close(): void
}

export function createGate(options: GateOptions): Gate {
  const { endpoint, policy, observers = [] } = options
  const listeners: ((suspicion: Suspicion) => void)[] = []
  const watch = createProbingWatch({
    policy: () => policy().probing,
    onSuspicion: (suspicion) => {
      for (const listener of listeners) listener(suspicion)
    },
  })
  const deferred = createDeferredObservers([watch, ...observers], options.onFault)
  const admission = createAdmission({ endpoint, policy, refusedMs: watch.refusedMs })
  return {
    admission,
    answered(caller, { sent, inputs, answers }) {
      if (observers.length === 0 && policy().probing === undefined) return
      const { rows, flags } = inputs
      deferred.answered({ endpoint, caller, sent, rows, flags, answers })
    },
    get counts() {
      const { suspicions } = watch
      return { ...admission.counts, suspicions, unobserved: deferred.dropped }
    },
    onSuspicion: (listener) => {
      listeners.push(listener)
    },
    close: admission.close.bind(admission),
  }
}
