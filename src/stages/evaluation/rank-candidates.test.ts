import { expect, test } from 'vitest'
import type { Evaluation } from '../../core/records/index.ts'
import { rankCandidates } from './rank-candidates.ts'

test('candidates rank by the metric’s own direction, the undefined last, equals by name', () => {
  const made = (candidate: string, metrics: Record<string, number>) =>
    ({
      candidate,
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, value]) => [name, { value, low: null, high: null }]),
      ),
    }) as Evaluation
  const list = [
    made('none-b', {}),
    made('c', { logLoss: 0.5, rocAuc: 0.9 }),
    made('none-a', {}),
    made('b', { logLoss: 0.5, rocAuc: 0.6 }),
    made('a', { logLoss: 0.2, rocAuc: 0.6 }),
  ]
  const names = (metric: 'logLoss' | 'rocAuc') =>
    rankCandidates(list, metric).map((e) => e.candidate)
  expect(names('logLoss')).toEqual(['a', 'b', 'c', 'none-a', 'none-b'])
  expect(names('rocAuc')).toEqual(['c', 'a', 'b', 'none-a', 'none-b'])
})
