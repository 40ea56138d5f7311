import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { modelSignatureSchema } from '../../core/records/index.ts'
import type { ModelSession, PackedRows } from '../../platform/inference/index.ts'
import { createMicroBatch } from './micro-batch.ts'

/** Answers with what it was asked, and remembers the rows of each call. */
function echoSession({ isApart = false } = {}) {
  const calls: number[] = []
  const signature = modelSignatureSchema.parse({
    schemaVersion: 1,
    problemType: 'regression',
    inputs: [{ name: 'x', kind: 'number', view: null, range: null, categories: null }],
    classes: [],
    positiveClass: null,
    tensors: { numeric: 'numeric', categorical: null, output: 'value' },
  })
  const session: ModelSession = {
    signature,
    digest: '',
    isApart,
    hasEnded: false,
    predict: () => Promise.reject(new Error('it is asked for packed rows')),
    async predictPacked({ rows, numbers }: PackedRows) {
      calls.push(rows)
      const output = Float32Array.from(numbers)
      await new Promise((resolve) => setImmediate(resolve))
      if (output.includes(-1)) throw new Error('minus one')
      return { rows, width: 1, output }
    },
    close: async () => undefined,
  }
  return { session, calls }
}

const inputs = (...values: number[]) => ({
  rows: values.length,
  columns: [values],
  flags: values.map(() => []),
})

describe('requests that share calls of the model', () => {
  test('those of one turn, at most sixteen rows a call, each with its own answer', async () => {
    const { session, calls } = echoSession()
    const predict = createMicroBatch(session, () => ({ maxRows: 100, delayMs: 0 }))
    const asked = Array.from({ length: 40 }, (_, i) => predict(inputs(i, i + 0.5)))
    const answers = await Promise.all(asked)
    expect(answers.map(({ output }) => [...output])).toEqual(
      Array.from({ length: 40 }, (_, i) => [i, i + 0.5]),
    )
    expect(calls).toEqual([16, 16, 16, 16, 16])
  })

  test('a large request is a call of its own, and a limit of one row parts them all', async () => {
    const { session, calls } = echoSession()
    const large = Array.from({ length: 50 }, (_, i) => i)
    let maxRows = 100
    const predict = createMicroBatch(session, () => ({ maxRows, delayMs: 0 }))
    await Promise.all([predict(inputs(1)), predict(inputs(...large)), predict(inputs(2))])
    expect(calls).toEqual([1, 50, 1])
    maxRows = 1
    await Promise.all([predict(inputs(1)), predict(inputs(2))])
    expect(calls).toEqual([1, 50, 1, 1, 1])
  })

  test('what comes while a thread computes shares its next calls', async () => {
    const { session, calls } = echoSession({ isApart: true })
    const predict = createMicroBatch(session, () => ({ maxRows: 100, delayMs: 0 }))
    const first = [predict(inputs(0))]
    await nextTurn()
    first.push(predict(inputs(1)))
    await nextTurn()
    const rest = Array.from({ length: 20 }, (_, i) => predict(inputs(i + 2)))
    const answers = await Promise.all([...first, ...rest])
    expect(answers.map(({ output }) => output[0])).toEqual(Array.from({ length: 22 }, (_, i) => i))
    expect(calls.slice(0, 2)).toEqual([1, 1])
    expect(calls.length).toBeLessThanOrEqual(4)
  })

  test('who gave up while it waited is not asked for, and holds nobody up', async () => {
    const { session, calls } = echoSession()
    const predict = createMicroBatch(session, () => ({ maxRows: 100, delayMs: 0 }))
    const deadline = {
      atMs: 0,
      allowedMs: 1,
      isAbandoned: () => false,
      check: () => {
        throw new Error('too late')
      },
    }
    const answers = await Promise.allSettled([predict(inputs(1), deadline), predict(inputs(2))])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(calls).toEqual([1])
    await expect(predict(inputs(3), deadline)).rejects.toThrow('too late')
    expect(calls).toEqual([1])
  })

  test('a row that breaks the model fails alone', async () => {
    const { session } = echoSession()
    const predict = createMicroBatch(session, () => ({ maxRows: 100, delayMs: 0 }))
    const answers = await Promise.allSettled([
      predict(inputs(1)),
      predict(inputs(-1)),
      predict(inputs(2)),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})

describe('with a delay', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('requests of several turns share a call when the first has waited long enough', async () => {
    const { session, calls } = echoSession()
    const predict = createMicroBatch(session, () => ({ maxRows: 100, delayMs: 5 }))
    const first = predict(inputs(1))
    await nextTurn()
    const second = predict(inputs(2))
    vi.advanceTimersByTime(4)
    await nextTurn()
    expect(calls).toEqual([])
    vi.advanceTimersByTime(1)
    await Promise.all([first, second])
    expect(calls).toEqual([2])
  })

  test('a full call waits for nothing', async () => {
    const { session, calls } = echoSession()
    const predict = createMicroBatch(session, () => ({ maxRows: 100, delayMs: 5 }))
    await Promise.all(Array.from({ length: 16 }, (_, i) => predict(inputs(i))))
    expect(calls).toEqual([16])
    expect(vi.getTimerCount()).toBe(0)
  })
})
