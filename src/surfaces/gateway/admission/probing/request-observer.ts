import type { ModelInputs } from '../../assemble-inputs.ts'
import type { RowAnswer } from '../../encode-response.ts'
import type { Inference } from '../../infer.ts'

/** Whose request it was. */
export interface Caller {
  /** What limits go by: `account <name>` or `address <ip>`. */
  readonly key: string
  /** The account's name; the address where nobody logs in. */
  readonly name: string
  /** The address. */
  readonly from: string
}

/** An answered request, for whoever watches what callers ask. */
export interface ObservedRequest {
  readonly endpoint: string
  readonly caller: Caller
  /** The columns as the caller sent them: features that were looked up are not among them. */
  readonly sent: Inference['sent']
  readonly rows: number
  /** Flags by row, such as `out-of-range:distance`. */
  readonly flags: ModelInputs['flags']
  readonly answers: readonly RowAnswer[]
}

/**
 * Told of every answered request, after its answer has left. An observer does not throw, keeps no
 * request, and takes little time: it runs on the thread that answers.
 */
export interface RequestObserver {
  answered(request: ObservedRequest): void
}
