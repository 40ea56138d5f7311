import type { ServerUnaryCall } from '@grpc/grpc-js'
import type { Arrival } from './admission.ts'
import { callerOf } from './caller.ts'
import type { Gate } from './gate.ts'
import type { Caller } from './probing/request-observer.ts'

/** What a call over gRPC says of its caller. */
export interface CallFacts {
  readonly caller: Caller
  /** Milliseconds that the caller still waits; undefined is for ever. */
  readonly timeoutMs: number | undefined
  readonly isCancelled: () => boolean
}

/** @param name the account's; undefined where nobody logs in */
export function callFacts(
  call: Pick<ServerUnaryCall<object, object>, 'getDeadline' | 'cancelled'>,
  name: string | undefined,
  address: string,
): CallFacts {
  const deadline = call.getDeadline()
  const leftMs = (typeof deadline === 'number' ? deadline : deadline.getTime()) - Date.now()
  return {
    caller: callerOf(name, address),
    timeoutMs: Number.isFinite(leftMs) ? leftMs : undefined,
    isCancelled: () => call.cancelled,
  }
}

/**
 * Lets a call in, or not, and does its work. The library hands over whole messages: there is no
 * earlier moment to refuse one.
 * @throws OVERLOADED, RATE_LIMITED, PROBING_SUSPECTED, DEADLINE_PASSED, CALLER_GONE
 */
export function runAdmittedCall<T>(
  { admission }: Gate,
  { caller, timeoutMs, isCancelled }: CallFacts,
  work: (arrival: Arrival) => Promise<T>,
): Promise<T> {
  const arrival = admission.arrive({
    caller,
    timeoutMs,
    isAbandoned: isCancelled,
    isSettled: () => true,
  })
  return admission.run(arrival, () => work(arrival))
}
