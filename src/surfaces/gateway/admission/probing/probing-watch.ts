import { durationMs } from '../../../../core/time/index.ts'
import { CallerWindow } from './caller-window.ts'
import { judgeWindow, type ProbingPolicy, type WindowFigures } from './judge-window.ts'
import type { Caller, ObservedRequest, RequestObserver } from './request-observer.ts'
import { createRowHasher } from './row-hash.ts'

/** What makes a caller suspect of copying the model or searching its boundary. */
export interface Suspicion extends WindowFigures {
  readonly endpoint: string
  readonly caller: Caller
  /** In words. */
  readonly reasons: readonly string[]
  readonly action: ProbingPolicy['action']
  /** Milliseconds until the window has passed. */
  readonly remainingMs: number
}

export interface ProbingWatchOptions {
  /** Read at each request: it may change while the gateway runs. Undefined watches nobody. */
  readonly policy: () => ProbingPolicy | undefined
  /** Told once a caller and window. */
  readonly onSuspicion: (suspicion: Suspicion) => void
  /** @default performance.now */
  readonly now?: () => number
  /** Where in a long request the looked-at rows begin, from 0 up to 1. @default Math.random */
  readonly random?: () => number
}

/** The built-in detector of model extraction. */
export interface ProbingWatch extends RequestObserver {
  /** Milliseconds that the caller is still refused; 0 when it is not. */
  refusedMs(callerKey: string): number
  /** Windows that were suspected. */
  readonly suspicions: number
  readonly watchedCallers: number
}

/**
 * Callers that are watched at once, the least recently seen forgotten first. Each takes at most
 * 130 KiB, all of them 33 MiB.
 */
const MAX_CALLERS = 256
/**
 * Rows of one request that are looked at: neighbouring ones from a place nobody can foresee. It
 * bounds what a request of many rows costs.
 */
const MAX_ROWS = 256

export function createProbingWatch(options: ProbingWatchOptions): ProbingWatch {
  const { now = () => performance.now(), random = Math.random } = options
  const windows = new Map<string, CallerWindow>()
  const refusedUntil = new Map<string, number>()
  const hasher = createRowHasher()
  let suspicions = 0

  function windowOf(key: string, windowMs: number, nowMs: number): CallerWindow {
    const known = windows.get(key)
    const isOver = known === undefined || nowMs - known.startedMs >= windowMs
    const current = isOver ? new CallerWindow(nowMs) : known
    remember(windows, key, current)
    return current
  }

  function suspect(request: ObservedRequest, window: CallerWindow, policy: ProbingPolicy): void {
    const { figures } = window
    const reasons = judgeWindow(figures, policy)
    if (reasons.length === 0) return
    window.isSuspected = true
    suspicions++
    const { endpoint, caller } = request
    const untilMs = window.startedMs + durationMs(policy.window)
    if (policy.action === 'refuse') remember(refusedUntil, caller.key, untilMs)
    const remainingMs = Math.max(0, untilMs - now())
    options.onSuspicion({
      ...figures,
      endpoint,
      caller,
      reasons,
      action: policy.action,
      remainingMs,
    })
  }

  return {
    answered(request) {
      const policy = options.policy()
      if (policy === undefined) return
      const window = windowOf(request.caller.key, durationMs(policy.window), now())
      const columns = [...request.sent.entries()].map(([, cells]) => cells)
      const strange = strangeFlags(request)
      const count = Math.min(request.rows, MAX_ROWS)
      const from = Math.floor(random() * (request.rows - count + 1))
      for (let row = from; row < from + count; row++) {
        const isStrange = request.flags[row]?.some((flag) => strange.has(flag)) ?? false
        window.add(hasher.hash(columns, row), isStrange)
      }
      if (!window.isSuspected) suspect(request, window, policy)
    },
    refusedMs(key) {
      const untilMs = refusedUntil.get(key)
      if (untilMs === undefined) return 0
      const leftMs = untilMs - now()
      if (leftMs <= 0 || options.policy()?.action !== 'refuse') refusedUntil.delete(key)
      return options.policy()?.action === 'refuse' ? Math.max(0, leftMs) : 0
    },
    get suspicions() {
      return suspicions
    },
    get watchedCallers() {
      return windows.size
    },
  }
}

/** Sets it as the newest one and forgets the oldest beyond the limit. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MAX_CALLERS) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

/** Flags that blame a column which the caller sent; features are not the caller's doing. */
function strangeFlags({ sent }: ObservedRequest): ReadonlySet<string> {
  const kinds = ['out-of-range', 'clipped', 'unknown-category']
  return new Set([...sent.entries()].flatMap(([name]) => kinds.map((kind) => `${kind}:${name}`)))
}
