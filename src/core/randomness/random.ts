/** A source of uniform numbers in [0, 1). Injected wherever chance decides. */
export type Random = () => number

/**
 * mulberry32 (T. Ettinger, public domain): 32-bit state, period 2^32, passes gjrand; ample for
 * resampling, not for cryptography. The same seed gives the same sequence on every machine.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
