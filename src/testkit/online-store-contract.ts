import type { OnlineStore } from '../platform/storage/index.ts'
import type { ContractTools } from './contract-tools.ts'

export interface OpenedOnlineStore {
  readonly store: OnlineStore
  /** A second connection to the same data, as another process would open it. */
  reopen(): OnlineStore
  dispose(): void
}

/** Everything the port `OnlineStore` promises, as tests. */
export function onlineStoreContract(tools: ContractTools, open: () => OpenedOnlineStore): void {
  const { describe, it, expect } = tools
  const check = (name: string, body: (opened: OpenedOnlineStore) => void) =>
    it(name, () => {
      const opened = open()
      try {
        body(opened)
      } finally {
        opened.dispose()
      }
    })

  describe('online store contract', () => {
    check('gives the newest row of an entity, to another connection at once', (opened) => {
      const { store, reopen } = opened
      const other = reopen()
      const row = {
        keys: ['JFK', 7],
        values: { mean: 1.5, top: 'DL', gone: null },
        eventTimeMs: 10,
      }
      store.put('origin_hour', [row])
      expect(other.get('origin_hour', ['JFK', 7])).toEqual(row)
      expect(other.get('origin_hour', ['JFK', 8])).toBe(undefined)
      expect(other.get('other', ['JFK', 7])).toBe(undefined)
    })

    check('never lets an older event replace a newer one', ({ store }) => {
      const at = (eventTimeMs: number) => ({ keys: ['a'], values: { x: eventTimeMs }, eventTimeMs })
      store.put('v', [at(20)])
      store.put('v', [at(10)])
      expect(store.get('v', ['a'])?.eventTimeMs).toBe(20)
      store.put('v', [at(40), at(30)])
      expect(store.get('v', ['a'])?.values).toEqual({ x: 40 })
      expect(store.count('v')).toBe(1)
    })

    check('lets the later written of two rows of one moment stand', ({ store }) => {
      store.put('v', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 5 }])
      store.put('v', [{ keys: ['a'], values: { x: 2 }, eventTimeMs: 5 }])
      expect(store.get('v', ['a'])?.values).toEqual({ x: 2 })
    })

    check('tells keys apart by type and place', ({ store }) => {
      const keys = [[1], ['1'], [true], [null], ['a', 'b'], ['b', 'a'], ['a,b'], ['a"', 'b']]
      store.put(
        'v',
        keys.map((key, x) => ({ keys: key, values: { x }, eventTimeMs: 1 })),
      )
      expect(store.count('v')).toBe(keys.length)
      expect(keys.map((key) => store.get('v', key)?.values.x)).toEqual(keys.map((_, x) => x))
      expect(store.get('v', [1n])?.values.x).toBe(0)
    })

    check('keeps a missing number (NaN) as null', ({ store }) => {
      store.put('v', [{ keys: ['a'], values: { x: Number.NaN }, eventTimeMs: 1 }])
      expect(store.get('v', ['a'])?.values).toEqual({ x: null })
    })

    check('writes all rows of a call or none', ({ store }) => {
      const good = { keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }
      const bad = { keys: ['b'], values: { x: Number.POSITIVE_INFINITY }, eventTimeMs: 1 }
      let refused = false
      try {
        store.put('v', [good, bad])
      } catch {
        refused = true
      }
      expect(refused).toBe(true)
      expect(store.count('v')).toBe(0)
    })

    check('forgets one view and leaves the others', ({ store }) => {
      store.put('v', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }])
      store.put('w', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }])
      store.clear('v')
      expect([store.count('v'), store.count('w')]).toEqual([0, 1])
    })
  })
}
