import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OnlineRowCache } from './online-row-cache.ts'

const row = (x: number) => ({ values: { x }, eventTimeMs: x })
const keep = (cache: OnlineRowCache, key: string, bytes = 1) =>
  cache.keep({ view: 'v', key, row: row(Number(key)), bytes })
/** Again and again until it is taken. */
const insist = (cache: OnlineRowCache, key: string, bytes = 1) => {
  for (let i = 0; i < 8 && !keep(cache, key, bytes); i++);
}
const keys = (cache: OnlineRowCache, most: number) =>
  Array.from({ length: most }, (_, i) => String(i)).filter((key) => cache.get('v', key))

describe('a cache of online rows', () => {
  it('tells what is not there from what is not known', () => {
    const cache = new OnlineRowCache()
    cache.keep({ view: 'v', key: 'a', row: null, bytes: 1 })
    expect([cache.get('v', 'a'), cache.get('v', 'b'), cache.get('w', 'a')]).toEqual([
      null,
      undefined,
      undefined,
    ])
    cache.clear()
    expect([cache.get('v', 'a'), cache.size, cache.bytes]).toEqual([undefined, 0, 0])
  })

  it('spares what was used, and drops what was not', () => {
    const cache = new OnlineRowCache({ mostRows: 3 })
    for (const key of ['0', '1', '2']) keep(cache, key)
    cache.get('v', '0')
    insist(cache, '3')
    expect(keys(cache, 5)).toEqual(['0', '2', '3'])
    // All are used by now.
    insist(cache, '4')
    expect(keys(cache, 5)).toContain('4')
    expect(cache.size).toBe(3)
  })

  it('takes a new row even when all that it has was used', () => {
    const cache = new OnlineRowCache({ mostRows: 100 })
    for (let i = 0; i < 1_000; i++) {
      insist(cache, String(i))
      expect(cache.get('v', String(i))).toEqual(row(i))
    }
    expect(cache.size).toBe(100)
  })

  it('keeps a hot entity through any number of others that are met once', () => {
    const cache = new OnlineRowCache({ mostRows: 50 })
    keep(cache, '0')
    for (let i = 1; i < 5_000; i++) {
      expect(cache.get('v', '0')).toEqual(row(0))
      keep(cache, String(i))
    }
  })

  it('comes to hold what is asked for again and again, whatever filled it before', () => {
    for (const limits of [{ mostRows: 50 }, { mostBytes: 50 }]) {
      const cache = new OnlineRowCache(limits)
      for (let i = 100; i < 1_000; i++) keep(cache, String(i))
      for (let round = 0; round < 100; round++) {
        const missing = Array.from({ length: 40 }, (_, i) => String(i)).filter((key) => {
          if (cache.get('v', key) !== undefined) return false
          keep(cache, key)
          return true
        })
        if (round > 50) expect(missing).toEqual([])
      }
    }
  })

  it('has some of what is walked over again and again, though all of it does not fit', () => {
    const cache = new OnlineRowCache({ mostRows: 100 })
    let found = 0
    for (let i = 0; i < 20_000; i++) {
      const key = String(i % 200)
      if (cache.get('v', key) === undefined) keep(cache, key)
      else found++
    }
    expect(found).toBeGreaterThan(5_000)
  })

  it('leaves out what is bigger than all may take', () => {
    const cache = new OnlineRowCache({ mostBytes: 10 })
    insist(cache, '1', 10)
    insist(cache, '2', 11)
    expect(keys(cache, 3)).toEqual(['1'])
    insist(cache, '0', 1)
    expect(keys(cache, 3)).toEqual(['0'])
    const none = new OnlineRowCache({ mostRows: 0 })
    keep(none, '1')
    expect(none.size).toBe(0)
  })

  it('stays within its bounds and never gives another entity’s row, whatever is done', () => {
    const limits = { mostRows: 5, mostBytes: 20 }
    const step = fc.record({
      view: fc.constantFrom('v', 'w'),
      key: fc.integer({ min: 0, max: 12 }),
      bytes: fc.integer({ min: 1, max: 9 }),
      isClear: fc.constantFrom(...Array.from({ length: 20 }, (_, i) => i === 0)),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new OnlineRowCache(limits)
        const bytesOf = new Map<string, number>()
        for (const { view, key, bytes, isClear } of steps) {
          if (isClear) cache.clear()
          const row = { values: { x: `${view}${key}` }, eventTimeMs: key }
          let kept = cache.get(view, String(key))
          if (kept === undefined && cache.keep({ view, key: String(key), row, bytes })) {
            bytesOf.set(`${view}${key}`, bytes)
            kept = cache.get(view, String(key))
          }
          expect([row, undefined]).toContainEqual(kept)
          expect(cache.size).toBeLessThanOrEqual(limits.mostRows)
          expect(cache.bytes).toBeLessThanOrEqual(limits.mostBytes)
        }
        const there = [...bytesOf].filter(([id]) => cache.get(id.slice(0, 1), id.slice(1)))
        expect(there.length).toBe(cache.size)
        expect(there.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(cache.bytes)
      }),
      { numRuns: 300 },
    )
  })
})
