import type { DeploymentPolicy } from '../../../core/records/index.ts'
import { durationMs } from '../../../core/time/index.ts'
import { gatewayErrors } from '../errors.ts'
import { type CallerBuckets, createCallerBuckets } from './caller-buckets.ts'
import { RequestDeadline } from './deadline.ts'
import { LoopDelay } from './loop-delay.ts'
import type { Caller } from './probing/request-observer.ts'
import { createQueueEstimate } from './queue-estimate.ts'
import type { Rate } from './token-bucket.ts'
import { WatchList } from './watch-list.ts'

/** A request that may go on, from its arrival until it is answered. */
export interface Arrival {
  readonly caller: Caller
  readonly deadline: RequestDeadline
  /** What is left of the caller's rate, for headers; undefined without a rate. */
  readonly allowance: Allowance | undefined
  /** Whether nothing waits for it any more. */
  isSettled(): boolean
  /** Ends it when its deadline passes before its work is done. */
  expire(): void
}

export interface Allowance {
  readonly limit: number
  readonly remaining: number
  /** Seconds until the bucket is full. */
  readonly resetSeconds: number
}

/** What a door knows of a request before its body is read. */
export interface Knock {
  readonly caller: Caller
  /** Milliseconds that the caller gives; undefined leaves it to the policy. */
  readonly timeoutMs: number | undefined
  readonly isAbandoned: () => boolean
  readonly isSettled: () => boolean
  /** Answers a request whose body did not come in time; work that began is answered anyway. */
  readonly onLateBody?: (failure: Error) => void
}

export interface AdmissionOptions {
  readonly endpoint: string
  /** Read at each request: it may change while the gateway runs. */
  readonly policy: () => DeploymentPolicy
  /** Milliseconds that a caller is refused for probing; 0 when it is not. */
  readonly refusedMs: (callerKey: string) => number
}

export interface AdmissionCounts {
  /** Refused with 503 before their model call. */
  readonly overloaded: number
  readonly rateLimited: number
  readonly probingRefused: number
}

/** Decides which requests an endpoint takes on in this process, over every door. */
export interface Admission {
  /**
   * Decides before the body is read.
   * @throws OVERLOADED, RATE_LIMITED, PROBING_SUSPECTED
   */
  arrive(knock: Knock): Arrival
  /**
   * Does the work in one of the limited places. A slow body holds none: the place is taken here. The
   * place is free when the work has ended, also when its deadline passed before.
   * @throws OVERLOADED, DEADLINE_PASSED, CALLER_GONE
   */
  run<T>(arrival: Arrival, work: () => Promise<T>): Promise<T>
  /** Requests in places. */
  readonly inFlight: number
  /** The most there ever were. */
  readonly highestInFlight: number
  readonly counts: AdmissionCounts
  close(): void
}

/** How often deadlines are looked at, and the event loop's delay is measured. */
const TICK_MS = 50
/** A timer that is so late says nothing about the load. */
const LEAST_DELAY_MS = 20
/** The longest that an honest caller should be told to wait. */
const MAX_RETRY_SECONDS = 60

export function createAdmission(options: AdmissionOptions): Admission {
  return new EndpointAdmission(options)
}

/** What of the policy admission goes by, read once a policy. */
interface Limits {
  readonly maxInFlight: number
  readonly deadlineMs: number
  readonly rate: Rate | undefined
}

class EndpointAdmission implements Admission {
  readonly counts = { overloaded: 0, rateLimited: 0, probingRefused: 0 }
  inFlight = 0
  highestInFlight = 0
  readonly #options: AdmissionOptions
  readonly #buckets: CallerBuckets = createCallerBuckets()
  readonly #estimate = createQueueEstimate()
  readonly #loop = new LoopDelay(TICK_MS, performance.now())
  readonly #watched = new WatchList<Visit>()
  #timer: NodeJS.Timeout | undefined
  #policy: DeploymentPolicy | undefined
  #limits: Limits = { maxInFlight: 0, deadlineMs: 0, rate: undefined }

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  arrive(knock: Knock): Arrival {
    const limits = this.#currentLimits()
    const nowMs = performance.now()
    this.#startTicking(nowMs)
    const allowedMs = knock.timeoutMs ?? limits.deadlineMs
    this.#refuseOverload(limits, allowedMs, nowMs)
    this.#refuseProbing(knock.caller)
    const allowance = limits.rate && this.#takeToken(knock.caller, limits.rate, nowMs)
    const deadline = new RequestDeadline(nowMs, allowedMs, knock.isAbandoned)
    const arrival = new Visit(knock, deadline, allowance)
    this.#watched.add(arrival)
    return arrival
  }

  run<T>(arrival: Arrival, work: () => Promise<T>): Promise<T> {
    const visit = arrival as Visit
    const { deadline } = visit
    const startedMs = performance.now()
    deadline.check(startedMs)
    if (this.inFlight >= this.#currentLimits().maxInFlight) throw this.#overloaded(startedMs)
    const beside = ++this.inFlight
    this.highestInFlight = Math.max(this.highestInFlight, beside)
    return new Promise((resolve, reject) => {
      visit.begin(reject)
      const end = () => {
        this.inFlight--
        visit.end()
        this.#watched.remove(visit)
        const nowMs = performance.now()
        this.#estimate.record(nowMs - startedMs, beside)
        return nowMs
      }
      work().then(
        (answer) => {
          if (end() >= deadline.atMs) reject(deadline.passed())
          else resolve(answer)
        },
        (error: unknown) => {
          end()
          reject(error)
        },
      )
    })
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #currentLimits(): Limits {
    const policy = this.#options.policy()
    if (policy !== this.#policy) {
      this.#policy = policy
      this.#limits = limitsOf(policy)
    }
    return this.#limits
  }

  #refuseOverload({ maxInFlight }: Limits, allowedMs: number, nowMs: number): void {
    if (this.inFlight >= maxInFlight) throw this.#overloaded(nowMs)
    const expectedMs = Math.max(this.#estimate.expectedMs(this.inFlight), this.#loop.delayMs(nowMs))
    // Who leaves less than this asks too much of an idle server: its deadline passes, no more.
    if (expectedMs > Math.max(allowedMs, LEAST_DELAY_MS)) throw this.#overloaded(nowMs)
  }

  #overloaded(nowMs: number) {
    this.counts.overloaded++
    const drainMs = Math.max(this.#estimate.drainMs(this.inFlight), this.#loop.delayMs(nowMs))
    const { endpoint } = this.#options
    return gatewayErrors.OVERLOADED({ endpoint, retryAfterSeconds: secondsOf(drainMs) })
  }

  #refuseProbing(caller: Caller): void {
    const leftMs = this.#options.refusedMs(caller.key)
    if (leftMs === 0) return
    this.counts.probingRefused++
    throw gatewayErrors.PROBING_SUSPECTED({ retryAfterSeconds: Math.ceil(leftMs / 1_000) })
  }

  #takeToken(caller: Caller, rate: Rate, nowMs: number): Allowance {
    const { isAllowed, waitMs, bucket } = this.#buckets.take(caller.key, rate, nowMs)
    const allowance = {
      limit: rate.burst,
      remaining: Math.floor(bucket.tokens),
      resetSeconds: Math.ceil((rate.burst - bucket.tokens) / rate.perSecond),
    }
    if (isAllowed) return allowance
    this.counts.rateLimited++
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000))
    throw gatewayErrors.RATE_LIMITED({ ...allowance, perSecond: rate.perSecond, retryAfterSeconds })
  }

  #startTicking(nowMs: number): void {
    if (this.#timer !== undefined) return
    this.#loop.reset(nowMs)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#timer.unref()
  }

  /** Ends what is overdue; keeps what is still under way. */
  #tick(): void {
    const nowMs = performance.now()
    this.#loop.tick(nowMs)
    this.#watched.each((visit) => {
      const isSettled = visit.isSettled()
      if (!isSettled && nowMs < visit.deadline.atMs) return
      this.#watched.remove(visit)
      if (!isSettled) visit.expire()
    })
  }
}

/** A request from its arrival on: first its body comes, then its work is done. */
class Visit implements Arrival {
  readonly caller: Caller
  readonly deadline: RequestDeadline
  readonly allowance: Allowance | undefined
  place = -1
  readonly #knock: Knock
  #reject: ((error: Error) => void) | undefined
  #hasEnded = false

  constructor(knock: Knock, deadline: RequestDeadline, allowance: Allowance | undefined) {
    this.#knock = knock
    this.caller = knock.caller
    this.deadline = deadline
    this.allowance = allowance
  }

  begin(reject: (error: Error) => void): void {
    this.#reject = reject
  }

  end(): void {
    this.#hasEnded = true
  }

  isSettled(): boolean {
    return this.#hasEnded || (this.#reject === undefined && this.#knock.isSettled())
  }

  expire(): void {
    const failure = this.deadline.passed()
    if (this.#reject !== undefined) this.#reject(failure)
    else this.#knock.onLateBody?.(failure)
  }
}

function limitsOf({ limits }: DeploymentPolicy): Limits {
  const { maxInFlight, deadline, perCaller } = limits
  const rate = perCaller && {
    perSecond: perCaller.requestsPerSecond,
    burst: perCaller.burst ?? Math.max(1, Math.ceil(perCaller.requestsPerSecond)),
  }
  return { maxInFlight, deadlineMs: durationMs(deadline), rate }
}

function secondsOf(waitMs: number): number {
  return Math.min(MAX_RETRY_SECONDS, Math.max(1, Math.ceil(waitMs / 1_000)))
}
