import { setImmediate as nextRound } from 'node:timers/promises'
import type { OnlineRow, OnlineStore } from '../platform/storage/index.ts'
import { type ContractTools, codeOf } from './contract-tools.ts'

export interface OpenedOnlineStore {
  readonly store: OnlineStore
  /** A second connection to the same data, as another process would open it. */
  reopen(): OnlineStore
  dispose(): Promise<void>
}

type Check = (name: string, body: (opened: OpenedOnlineStore) => Promise<void>) => void

/** Everything the port `OnlineStore` promises, as tests. `open` gives a store that is empty. */
export function onlineStoreContract(tools: ContractTools, open: () => OpenedOnlineStore): void {
  const { describe, it, expect } = tools
  const check: Check = (name, body) =>
    it(name, async () => {
      const opened = open()
      try {
        await body(opened)
      } finally {
        await opened.dispose()
      }
    })

  describe('online store contract', () => {
    check('gives the newest row of an entity, to another connection at once', async (opened) => {
      const { store, reopen } = opened
      const other = reopen()
      const row = {
        keys: ['JFK', 7],
        values: { mean: 1.5, top: 'DL', gone: null },
        eventTimeMs: 10,
      }
      await store.put('origin_hour', [row])
      expect(await one(other, 'origin_hour', ['JFK', 7])).toEqual(row)
      expect(await one(other, 'origin_hour', ['JFK', 8])).toBe(undefined)
      expect(await one(other, 'other', ['JFK', 7])).toBe(undefined)
    })

    check('answers many requests of several views in their order', async ({ store }) => {
      const entities = Array.from({ length: 1_500 }, (_, i) => i)
      for (const view of ['v', 'w']) {
        await store.put(
          view,
          entities.map((i) => ({ keys: [i], values: { x: `${view}${i}` }, eventTimeMs: i })),
        )
      }
      const asked = [...entities, -1].flatMap((i) => [
        { view: 'w', keys: [i] },
        { view: 'v', keys: [i] },
      ])
      const found = await store.read(asked)
      expect(found.map((row) => row?.values.x)).toEqual([
        ...entities.flatMap((i) => [`w${i}`, `v${i}`]),
        undefined,
        undefined,
      ])
      expect(await store.read([])).toEqual([])
    })
    checkWrites(tools, check)
    checkKeys(tools, check)
    checkRepeatedReads(tools, check)
  })
}

async function one(store: OnlineStore, view: string, keys: OnlineRow['keys']) {
  const [row] = await store.read([{ view, keys }])
  return row
}

function checkWrites({ expect }: ContractTools, check: Check): void {
  check('never lets an older event replace a newer one', async ({ store }) => {
    const at = (eventTimeMs: number) => ({ keys: ['a'], values: { x: eventTimeMs }, eventTimeMs })
    await store.put('v', [at(20)])
    await store.put('v', [at(10)])
    expect((await one(store, 'v', ['a']))?.eventTimeMs).toBe(20)
    await store.put('v', [at(40), at(30)])
    expect((await one(store, 'v', ['a']))?.values).toEqual({ x: 40 })
    await store.put('w', [at(-20), at(-10), at(-30)])
    expect((await one(store, 'w', ['a']))?.eventTimeMs).toBe(-10)
    expect(await store.count('v')).toBe(1)
  })

  check('lets the newest of many writers at once stand', async ({ store, reopen }) => {
    const writers = [store, reopen(), reopen()]
    const events = Array.from({ length: 60 }, (_, i) => (i * 37) % 60)
    await Promise.all(
      events.map((eventTimeMs, i) =>
        writers[i % 3]?.put('v', [{ keys: ['a'], values: { x: eventTimeMs }, eventTimeMs }]),
      ),
    )
    expect((await one(store, 'v', ['a']))?.values).toEqual({ x: 59 })
  })

  check('lets the later written of two rows of one moment stand', async ({ store }) => {
    await store.put('v', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 5 }])
    await store.put('v', [{ keys: ['a'], values: { x: 2 }, eventTimeMs: 5 }])
    expect((await one(store, 'v', ['a']))?.values).toEqual({ x: 2 })
  })

  check('writes nothing of a call with a row that it refuses', async ({ store }) => {
    const good = { keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }
    const wrong = [
      { keys: ['b'], values: { x: Number.POSITIVE_INFINITY }, eventTimeMs: 1 },
      { keys: [Number.NaN], values: { x: 1 }, eventTimeMs: 1 },
      { keys: ['b'], values: { x: 1 }, eventTimeMs: 0.5 },
    ]
    for (const bad of wrong) {
      expect(await codeOf(() => store.put('v', [good, bad]))).toBe('ENTRY_INVALID')
    }
    expect(await store.count('v')).toBe(0)
  })

  check('forgets one view and leaves the others', async ({ store }) => {
    await store.put('v', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }])
    await store.put('w', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }])
    await store.clear('v')
    expect([await store.count('v'), await store.count('w')]).toEqual([0, 1])
  })
}

function checkKeys({ expect }: ContractTools, check: Check): void {
  check('tells keys apart by type and place', async ({ store }) => {
    const keys = [[1], ['1'], [true], [null], ['a', 'b'], ['b', 'a'], ['a,b'], ['a"', 'b'], ['é ']]
    await store.put(
      'v',
      keys.map((key, x) => ({ keys: key, values: { x }, eventTimeMs: 1 })),
    )
    expect(await store.count('v')).toBe(keys.length)
    const found = await store.read(keys.map((key) => ({ view: 'v', keys: key })))
    expect(found.map((row) => row?.values.x)).toEqual(keys.map((_, x) => x))
    expect((await one(store, 'v', [1n]))?.values.x).toBe(0)
  })

  check('keeps a missing number (NaN) as null, and any text', async ({ store }) => {
    const text = '  \u0000 "quoted"\n 17 ✈ '
    await store.put('v', [{ keys: ['a'], values: { x: Number.NaN, text }, eventTimeMs: 1 }])
    expect((await one(store, 'v', ['a']))?.values).toEqual({ x: null, text })
  })
}

/** A store may remember what it read, as long as nobody can tell. */
function checkRepeatedReads({ expect }: ContractTools, check: Check): void {
  const at = (x: number) => ({ keys: ['a'], values: { x }, eventTimeMs: x })

  check('shows a write to the next read, however often it was read before', async ({ store }) => {
    for (let x = 1; x < 20; x++) {
      await store.put('v', [at(x)])
      for (let again = 0; again < 3; again++) {
        expect((await one(store, 'v', ['a']))?.values).toEqual({ x })
      }
    }
    await store.clear('v')
    expect(await one(store, 'v', ['a'])).toBe(undefined)
    await store.put('v', [at(1)])
    expect((await one(store, 'v', ['a']))?.values).toEqual({ x: 1 })
  })

  check('shows another’s write in the next round of the event loop', async ({ store, reopen }) => {
    const other = reopen()
    expect(await one(store, 'v', ['a'])).toBe(undefined)
    for (let x = 1; x < 20; x++) {
      await other.put('v', [at(x)])
      await nextRound()
      expect((await one(store, 'v', ['a']))?.values).toEqual({ x })
    }
    await other.clear('v')
    await nextRound()
    expect(await one(store, 'v', ['a'])).toBe(undefined)
  })

  check('does not let a caller change what others read', async ({ store }) => {
    await store.put('v', [at(1)])
    const row = await one(store, 'v', ['a'])
    for (const part of [row?.values, row]) if (part !== undefined) Reflect.set(part, 'x', 99)
    if (row !== undefined) Reflect.set(row, 'eventTimeMs', 99)
    expect(await one(store, 'v', ['a'])).toEqual(at(1))
  })

  check('says the same at once, where it can', async ({ store }) => {
    if (store.readNow === undefined) return
    await store.put('v', [at(1)])
    const asked = ['a', 'b', 'a'].map((key) => ({ view: 'v', keys: [key] }))
    expect(store.readNow(asked)).toEqual([at(1), undefined, at(1)])
    expect(store.readNow(asked)).toEqual(await store.read(asked))
    expect(store.readNow([])).toEqual([])
    const refused = [{ view: 'v', keys: [Number.NaN] }]
    expect(await codeOf(() => store.readNow?.(refused))).toBe('ENTRY_INVALID')
    expect(await codeOf(() => store.read(refused))).toBe('ENTRY_INVALID')
  })
}
