import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leastRecentlyUsed, type Resident } from './least-recently-used.ts'
import { createMemoryBudget, type MemoryBudget } from './memory-budget.ts'

class Model implements Resident {
  lastUsed = 0
  isBusy = false
  isPinned = false
  isThere = true
  readonly name: number
  readonly bytes: number

  constructor(name: number, bytes: number) {
    this.name = name
    this.bytes = bytes
  }

  async leave(): Promise<void> {
    this.isThere = false
  }
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

async function admit(budget: MemoryBudget, model: Model, withinMs = 10_000): Promise<void> {
  await budget.take(model.bytes, withinMs)
  model.isThere = true
  model.lastUsed = budget.tick()
  budget.add(model)
}

describe('the memory budget', () => {
  test('holds what a list by time of use would hold, whatever is asked in whatever order', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 8 })
    const asks = fc.array(fc.nat(), { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        sizes,
        asks,
        fc.integer({ min: 10, max: 25 }),
        async (bytes, order, limit) => {
          const budget = createMemoryBudget(limit)
          const models = bytes.map((size, name) => {
            const model = new Model(name, size)
            model.isThere = false
            return model
          })
          // The naive model: names, the one used longest ago first.
          let naive: number[] = []
          for (const ask of order) {
            const name = ask % models.length
            const model = models[name] ?? new Model(-1, 0)
            if (model.isThere) model.lastUsed = budget.tick()
            else await admit(budget, model)
            naive = naive.filter((other) => other !== name)
            const size = () => naive.reduce((sum, other) => sum + (bytes[other] ?? 0), 0)
            while (size() + model.bytes > limit) naive.shift()
            naive.push(name)
            await settle()
            const there = models.filter(({ isThere }) => isThere)
            there.sort((a, b) => a.lastUsed - b.lastUsed)
            expect(there.map((one) => one.name)).toEqual(naive)
            expect(budget.usedBytes).toBe(there.reduce((sum, one) => sum + one.bytes, 0))
            expect(budget.usedBytes).toBeLessThanOrEqual(limit)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('asks nobody to leave in vain, and neither the busy nor the pinned', () => {
    const all = fc.array(
      fc.record({
        bytes: fc.integer({ min: 1, max: 9 }),
        lastUsed: fc.nat({ max: 50 }),
        isBusy: fc.boolean(),
        isPinned: fc.boolean(),
      }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(all, fc.integer({ min: 1, max: 60 }), (records, needed) => {
        const residents = records.map((record) => ({ ...record, leave: async () => {} }))
        const leaving = leastRecentlyUsed(residents, needed)
        const free = residents.filter(({ isBusy, isPinned }) => !isBusy && !isPinned)
        const most = free.reduce((sum, { bytes }) => sum + bytes, 0)
        const freed = leaving.reduce((sum, { bytes }) => sum + bytes, 0)
        expect(leaving.every((one) => free.includes(one))).toBe(true)
        if (most < needed) expect(leaving).toEqual([])
        else {
          expect(freed).toBeGreaterThanOrEqual(needed)
          expect(freed - (leaving.at(-1)?.bytes ?? 0)).toBeLessThan(needed)
          const staying = free.filter((one) => !leaving.includes(one))
          const latest = Math.max(...leaving.map(({ lastUsed }) => lastUsed))
          for (const one of staying) expect(one.lastUsed).toBeGreaterThanOrEqual(latest)
        }
      }),
    )
  })

  test('waits for a busy model to become idle, in the order of asking', async () => {
    const budget = createMemoryBudget(10)
    const first = new Model(1, 8)
    await admit(budget, first)
    first.isBusy = true
    const done: string[] = []
    const large = budget.take(9, 10_000).then(() => done.push('large'))
    const small = budget.take(1, 10_000).then(() => done.push('small'))
    await settle()
    expect(done).toEqual([])
    first.isBusy = false
    budget.stir()
    await Promise.all([large, small])
    expect(done).toEqual(['large', 'small'])
    expect(first.isThere).toBe(false)
    expect(budget.usedBytes).toBe(10)
  })

  test('says what can never fit, and gives up waiting when told to', async () => {
    const budget = createMemoryBudget(10)
    const pinned = new Model(1, 6)
    pinned.isPinned = true
    await admit(budget, pinned)
    const tooMuch = budget.take(11, 10_000)
    const besidePinned = budget.take(5, 10_000)
    const refusals = await Promise.allSettled([tooMuch, besidePinned])
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ reason: { code: 'MEMORY_BUDGET_TOO_SMALL' } })
    }
    const busy = new Model(2, 4)
    await admit(budget, busy)
    busy.isBusy = true
    const late = await Promise.allSettled([budget.take(2, 1)])
    expect(late[0]).toMatchObject({ reason: { code: 'MEMORY_BUDGET_BUSY' } })
    // Who gave up is out of the way of those behind.
    busy.isBusy = false
    await budget.take(3, 10_000)
    expect(budget.usedBytes).toBe(9)
  })

  test('without a limit nobody leaves', async () => {
    const budget = createMemoryBudget()
    const models = [1, 2, 3].map((name) => new Model(name, 1e12))
    for (const model of models) await admit(budget, model)
    expect(models.every(({ isThere }) => isThere)).toBe(true)
    expect(budget.usedBytes).toBe(3e12)
  })
})
