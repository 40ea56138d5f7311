import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addTallies,
  type EndpointTally,
  statisticsOfTally,
  tallyOfEnded,
} from './endpoint-tally.ts'
import { createLatencyHistogram } from './latency-histogram.ts'

function tallyOf(latenciesMs: readonly number[], version = '1'): EndpointTally {
  const histogram = createLatencyHistogram()
  for (const ms of latenciesMs) histogram.record(ms)
  const requests = latenciesMs.length + 1
  const counts = { requests, predictions: requests * 2, rejected: 1, failed: 0, inFlight: 3 }
  return {
    endpoint: 'delays',
    startedAtMs: 1_000,
    process: { residentMemoryMb: 100, cpuSeconds: 2 },
    mirrored: { compared: 1, failed: 0, dropped: 0 },
    versions: { [version]: { ...counts, latency: histogram.tally() } },
  }
}

const latencies = fc.array(fc.double({ min: 0.01, max: 20_000, noNaN: true }))

test('processes together have the figures of one that had answered everything', () => {
  fc.assert(
    fc.property(latencies, latencies, (one, two) => {
      // A tally travels as JSON.
      const [a, b] = [tallyOf(one), tallyOf(two)].map((tally) => JSON.parse(JSON.stringify(tally)))
      const together = statisticsOfTally(addTallies([a, b])).versions['1']
      const alone = statisticsOfTally(tallyOf([...one, ...two])).versions['1']
      expect(together?.latency).toEqual(alone?.latency)
      expect(together?.requests).toBe(one.length + two.length + 2)
      expect(together?.errors).toBe(2)
      expect(together?.inFlight).toBe(6)
    }),
  )
})

test('versions that only some processes have answered are all told, by number', () => {
  const statistics = statisticsOfTally(addTallies([tallyOf([1], '10'), tallyOf([2], '9')]))
  expect(Object.keys(statistics.versions)).toEqual(['9', '10'])
  expect(statistics.process).toEqual({ residentMemoryMb: 200, cpuSeconds: 4 })
})

test('a process that ended keeps its counts and holds nothing', () => {
  const statistics = statisticsOfTally(addTallies([tallyOf([1]), tallyOfEnded(tallyOf([2]))]))
  expect(statistics.versions['1']).toMatchObject({ requests: 4, inFlight: 3 })
  expect(statistics.process).toEqual({ residentMemoryMb: 100, cpuSeconds: 4 })
})
