import { describe, expect, it } from 'vitest'
import { createLastValues } from './last-values.ts'

const asked = (...keys: (string | number)[]) => ({ view: 'v', keys })
const row = (x: number, eventTimeMs = x) => ({ keys: [], values: { x }, eventTimeMs })

describe('last values', () => {
  it('keep the newest event of an entity, in whatever order answers come', () => {
    const last = createLastValues()
    for (const x of [2, 3, 1]) last.keep(asked('a'), row(x))
    expect(last.get(asked('a'))?.values).toEqual({ x: 3 })
  })

  it('tell entities apart by view, type and place', () => {
    const last = createLastValues()
    const all = [
      asked('1'),
      asked(1),
      asked('a', 'b'),
      asked('a\ns1:b'),
      { view: 'w', keys: ['1'] },
    ]
    for (const [x, request] of all.entries()) last.keep(request, row(x))
    expect(all.map((request) => last.get(request)?.values.x)).toEqual([0, 1, 2, 3, 4])
  })

  it('forget what was not used for longest', () => {
    const last = createLastValues(2)
    last.keep(asked('a'), row(1))
    last.keep(asked('b'), row(2))
    last.get(asked('a'))
    last.keep(asked('c'), row(3))
    expect(last.size).toBe(2)
    expect(['a', 'b', 'c'].map((key) => last.get(asked(key))?.values.x)).toEqual([1, undefined, 3])
  })

  it('stay within their bound, and keep what is used through many that come once', () => {
    const last = createLastValues(100)
    last.keep(asked('hot'), row(0))
    for (let x = 1; x < 5_000; x++) {
      last.keep(asked(x), row(x))
      expect(last.get(asked(x))?.values.x).toBe(x)
      expect(last.get(asked('hot'))?.values.x).toBe(0)
    }
    expect(last.size).toBe(100)
  })
})
