import { describe, expect, test } from 'vitest'
import { LoopDelay } from './loop-delay.ts'
import { createQueueEstimate } from './queue-estimate.ts'

function estimateOf(durationMs: number, concurrency: number, times = 100) {
  const estimate = createQueueEstimate()
  for (let i = 0; i < times; i++) estimate.record(durationMs, concurrency)
  return estimate
}

describe('the estimate of a queue', () => {
  test('expects of a new request what the ones lately took, less when fewer are under way', () => {
    const estimate = estimateOf(400, 40)
    expect(estimate.expectedMs(40)).toBeCloseTo(400)
    expect(estimate.expectedMs(10)).toBeCloseTo(100)
  })

  test('does not refuse a sudden crowd before it was measured', () => {
    // One by one, 50 ms each, as with a slow feature store: 200 at once may well take 50 ms too.
    expect(estimateOf(50, 1).expectedMs(200)).toBeCloseTo(50)
  })

  test('lets a server that refused everybody try again', () => {
    expect(estimateOf(60_000, 10).expectedMs(0)).toBe(0)
  })

  test('drains by the throughput that was measured', () => {
    // 10 at once in 200 ms each are 50 a second.
    expect(estimateOf(200, 10).drainMs(100)).toBeCloseTo(2_000)
  })

  test('follows a change within some dozen requests', () => {
    const estimate = estimateOf(1_000, 8)
    for (let i = 0; i < 64; i++) estimate.record(10, 8)
    expect(estimate.expectedMs(8)).toBeLessThan(30)
  })

  test('knows nothing at first, and expects nothing', () => {
    const estimate = createQueueEstimate()
    expect([estimate.expectedMs(5), estimate.drainMs(5)]).toEqual([0, 0])
  })
})

describe("the event loop's delay", () => {
  test('is how late the timer was, or is now', () => {
    const loop = new LoopDelay(50, 0)
    loop.tick(50)
    expect(loop.delayMs(60)).toBe(0)
    expect(loop.delayMs(400)).toBe(300)
    loop.tick(400)
    expect(loop.delayMs(401)).toBe(300)
    loop.tick(450)
    expect(loop.delayMs(451)).toBe(0)
  })
})
