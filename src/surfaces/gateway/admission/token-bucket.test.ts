import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCallerBuckets } from './caller-buckets.ts'
import { fullBucket, takeToken } from './token-bucket.ts'

const rates = fc.record({
  perSecond: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
  burst: fc.integer({ min: 1, max: 50 }),
})
const gaps = fc.array(fc.double({ min: 0, max: 2_000, noNaN: true }), { maxLength: 200 })

describe('a token bucket', () => {
  test('allows at most its burst and what it gained, in any span', () => {
    fc.assert(
      fc.property(rates, gaps, (rate, between) => {
        let bucket = fullBucket(rate, 0)
        let nowMs = 0
        const allowed: number[] = []
        for (const gap of between) {
          nowMs += gap
          const taken = takeToken(bucket, rate, nowMs)
          bucket = taken.bucket
          if (taken.isAllowed) allowed.push(nowMs)
        }
        for (const [first, from] of allowed.entries()) {
          for (const [more, to] of allowed.slice(first).entries()) {
            const most = rate.burst + (rate.perSecond * (to - from)) / 1_000
            expect(more + 1).toBeLessThanOrEqual(most + 1e-6)
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  test('says when the next request is allowed, and keeps that word', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 120 }), (rate, requests) => {
        let bucket = fullBucket(rate, 0)
        for (let i = 0; i < requests; i++) {
          const taken = takeToken(bucket, rate, 0)
          bucket = taken.bucket
          expect(takeToken(bucket, rate, taken.waitMs + 1e-6).isAllowed).toBe(true)
          if (taken.waitMs > 1e-3) {
            expect(takeToken(bucket, rate, taken.waitMs * 0.999 - 1e-6).isAllowed).toBe(false)
          }
        }
      }),
    )
  })

  test('takes nothing back when the clock stands still or goes back', () => {
    const rate = { perSecond: 10, burst: 1 }
    const first = takeToken(fullBucket(rate, 1_000), rate, 1_000)
    expect(first.isAllowed).toBe(true)
    expect(takeToken(first.bucket, rate, 500)).toMatchObject({ isAllowed: false, waitMs: 100 })
  })
})

describe('the buckets of many callers', () => {
  test('are apart, and bounded: the least recently seen caller is forgotten', () => {
    const buckets = createCallerBuckets(3)
    const rate = { perSecond: 1, burst: 1 }
    const take = (caller: string) => buckets.take(caller, rate, 0).isAllowed
    expect(['a', 'b', 'c', 'a'].map(take)).toEqual([true, true, true, false])
    // `b` is the oldest now, and leaves for `d`.
    expect(['d', 'a', 'b'].map(take)).toEqual([true, false, true])
    for (let i = 0; i < 1_000; i++) take(`stranger ${i}`)
    expect(buckets.size).toBe(3)
  })
})
