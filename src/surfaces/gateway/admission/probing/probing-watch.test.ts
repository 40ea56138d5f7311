import { describe, expect, test } from 'vitest'
import type { ProbingPolicy } from './judge-window.ts'
import { createProbingWatch, type Suspicion } from './probing-watch.ts'
import type { ObservedRequest } from './request-observer.ts'
import type { SentCell } from './row-hash.ts'

const POLICY: ProbingPolicy = {
  window: '10m',
  minRows: 200,
  maxNeighbourShare: 0.5,
  maxStrangeShare: 0.5,
  action: 'refuse',
}
const WINDOW_MS = 600_000

/** A repeatable stream of numbers in [0, 1): mulberry32. */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Row = readonly SentCell[]
const NAMES = ['amount', 'age', 'distance', 'income', 'country', 'plan']

/** Rows as training had them: numbers with their own spread, a few categories. */
function trainingRow(random: () => number): Row {
  const normal = () => random() + random() + random() - 1.5
  return [
    Math.round(normal() * 10_000) / 100,
    Math.floor(18 + random() * 60),
    Math.round(random() * 300) / 10,
    Math.round(20_000 + normal() * 9_000),
    ['PT', 'BR', 'AO', 'MZ'][Math.floor(random() * 4)],
    ['free', 'pro'][Math.floor(random() * 2)],
  ]
}

function observed(rows: readonly Row[], name: string, flagged: (row: Row) => string[] = () => []) {
  return {
    endpoint: 'churn',
    caller: { key: `account ${name}`, name, from: '192.0.2.1' },
    sent: new Map(NAMES.map((column, at) => [column, rows.map((row) => row[at])])),
    rows: rows.length,
    flags: rows.map(flagged),
    answers: [],
  } as unknown as ObservedRequest
}

function openWatch(policy: Partial<ProbingPolicy> = {}) {
  const suspicions: Suspicion[] = []
  let nowMs = 0
  const watch = createProbingWatch({
    policy: () => ({ ...POLICY, ...policy }),
    onSuspicion: (suspicion) => suspicions.push(suspicion),
    now: () => nowMs,
    random: uniform(7),
  })
  const ask = (rows: readonly Row[], name = 'caller') => {
    for (const row of rows) watch.answered(observed([row], name))
  }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { watch, suspicions, ask, pass }
}

/** Varies one input after the other from a few base rows, as Tramèr et al. probe a tree's leaves. */
function featureGrid(random: () => number, bases: number, steps: number): Row[] {
  return Array.from({ length: bases }, () => trainingRow(random)).flatMap((base) =>
    [0, 1, 2, 3].flatMap((column) =>
      Array.from({ length: steps }, (_, step) => base.with(column, step * 1.7)),
    ),
  )
}

/** Searches where the decision of a linear model flips, along the line between two rows' amounts. */
function boundarySearch(random: () => number, lines: number): Row[] {
  const isPositive = (row: Row) => Number(row[0]) * 3 + Number(row[1]) > 60
  return Array.from({ length: lines }).flatMap(() => {
    const base = trainingRow(random)
    let [low, high] = [-1_000, 1_000]
    return Array.from({ length: 24 }, () => {
      const middle = (low + high) / 2
      const asked = base.with(0, middle)
      if (isPositive(asked)) high = middle
      else low = middle
      return asked
    })
  })
}

describe('an honest caller', () => {
  test('is not suspected, however many rows of the training distribution it asks for', () => {
    const { ask, suspicions } = openWatch()
    const random = uniform(1)
    ask(Array.from({ length: 20_000 }, () => trainingRow(random)))
    expect(suspicions).toEqual([])
  })

  test('may repeat the same rows for ever', () => {
    const { ask, suspicions } = openWatch({ maxDistinctRows: 100 })
    const random = uniform(2)
    const rows = Array.from({ length: 50 }, () => trainingRow(random))
    for (let round = 0; round < 100; round++) ask(rows)
    expect(suspicions).toEqual([])
  })

  test('is not judged on few rows, nor by neighbours of one or two inputs', () => {
    const { watch, ask, suspicions } = openWatch()
    ask(featureGrid(uniform(3), 1, 40).slice(0, 150))
    const narrow = Array.from({ length: 2_000 }, (_, n) => [n % 40, Math.floor(n / 40)])
    const { caller, ...rest } = observed(narrow, 'narrow')
    const sent = new Map(NAMES.slice(0, 2).map((name, at) => [name, narrow.map((row) => row[at])]))
    watch.answered({ ...rest, caller, sent } as unknown as ObservedRequest)
    expect(suspicions).toEqual([])
  })
})

describe('an attempt to extract the model', () => {
  test('by varying one input at a time is found', () => {
    const { ask, suspicions } = openWatch()
    ask(featureGrid(uniform(4), 5, 30))
    expect(suspicions).toMatchObject([
      { endpoint: 'churn', caller: { name: 'caller' }, action: 'refuse' },
    ])
    expect(suspicions[0]?.reasons).toEqual([expect.stringMatching(/one input only/)])
  })

  test('by searching the decision boundary is found, also in requests of many rows', () => {
    const { watch, suspicions } = openWatch()
    const rows = boundarySearch(uniform(5), 40)
    for (let at = 0; at < rows.length; at += 48) {
      watch.answered(observed(rows.slice(at, at + 48), 'batches'))
    }
    expect(suspicions).toHaveLength(1)
  })

  test('hidden among as many honest rows stays below the bound, and is found by a lower one', () => {
    const mixed = () => {
      const random = uniform(6)
      return boundarySearch(random, 20).flatMap((row) => [row, trainingRow(random)])
    }
    const usual = openWatch()
    usual.ask(mixed())
    expect(usual.suspicions).toHaveLength(0)
    const strict = openWatch({ maxNeighbourShare: 0.3 })
    strict.ask(mixed())
    expect(strict.suspicions).toHaveLength(1)
  })

  test('with values outside the training ranges is found; flags of looked-up features do not count', () => {
    const random = uniform(8)
    const rows = Array.from({ length: 400 }, () => trainingRow(random))
    const { watch, suspicions } = openWatch()
    const far = observed(rows.slice(0, 250), 'far', () => ['out-of-range:amount'])
    const features = observed(rows.slice(0, 250), 'fed', () => ['out-of-range:airport__delay'])
    watch.answered(features)
    expect(suspicions).toHaveLength(0)
    watch.answered(far)
    expect(suspicions).toMatchObject([{ caller: { name: 'far' } }])
    expect(suspicions[0]?.reasons[0]).toMatch(/outside the training data/)
  })

  test('by sheer number of different rows is found when that is bounded', () => {
    const { ask, suspicions } = openWatch({ maxDistinctRows: 5_000 })
    const random = uniform(9)
    ask(Array.from({ length: 6_000 }, () => trainingRow(random)))
    expect(suspicions).toHaveLength(1)
    expect(suspicions[0]?.reasons[0]).toMatch(/different rows/)
  })
})

describe('a suspected caller', () => {
  test('is told of once a window, refused until it has passed, and watched anew', () => {
    const { watch, ask, suspicions, pass } = openWatch()
    ask(featureGrid(uniform(10), 10, 30))
    expect(suspicions).toHaveLength(1)
    expect(watch.refusedMs('account caller')).toBe(WINDOW_MS)
    expect(watch.refusedMs('account other')).toBe(0)
    pass(WINDOW_MS)
    expect(watch.refusedMs('account caller')).toBe(0)
    const random = uniform(11)
    ask(Array.from({ length: 1_000 }, () => trainingRow(random)))
    expect(suspicions).toHaveLength(1)
    ask(featureGrid(uniform(12), 60, 30))
    expect(suspicions).toHaveLength(2)
  })

  test('is only told of when the policy says `report`', () => {
    const { watch, ask, suspicions } = openWatch({ action: 'report' })
    ask(featureGrid(uniform(13), 10, 30))
    expect(suspicions).toHaveLength(1)
    expect(watch.refusedMs('account caller')).toBe(0)
  })

  test('cannot push the watch out of its memory', () => {
    const { watch, ask } = openWatch()
    for (let n = 0; n < 1_000; n++) ask([trainingRow(uniform(n))], `caller ${n}`)
    expect(watch.watchedCallers).toBe(256)
  })
})
