/** How many requests a caller may send. */
export interface Rate {
  readonly perSecond: number
  /** Requests that may come at once; at least 1. */
  readonly burst: number
}

/** A caller's bucket: what was in it, and when. */
export interface TokenBucket {
  /** 0 to `burst`. */
  readonly tokens: number
  /** Milliseconds on a clock that never goes back. */
  readonly atMs: number
}

export interface Taken {
  readonly bucket: TokenBucket
  readonly isAllowed: boolean
  /** Milliseconds until the next request is allowed; 0 when one is left. */
  readonly waitMs: number
}

export function fullBucket({ burst }: Rate, nowMs: number): TokenBucket {
  return { tokens: burst, atMs: nowMs }
}

/**
 * Takes one token if there is one. The bucket fills by `perSecond` and holds at most `burst`, so in
 * any span of t seconds at most `burst + perSecond · t` requests are allowed.
 */
export function takeToken({ tokens, atMs }: TokenBucket, rate: Rate, nowMs: number): Taken {
  const gained = (Math.max(0, nowMs - atMs) * rate.perSecond) / 1_000
  const filled = Math.min(rate.burst, tokens + gained)
  const isAllowed = filled >= 1
  const left = isAllowed ? filled - 1 : filled
  return {
    bucket: { tokens: left, atMs: Math.max(atMs, nowMs) },
    isAllowed,
    waitMs: left >= 1 ? 0 : ((1 - left) * 1_000) / rate.perSecond,
  }
}
