import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'
import { contentId, digestOfBytes, digestOfValue } from './digest.ts'

/** The same value with the keys of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, shuffled(member)]),
  )
}

describe('canonical JSON', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('does not depend on the order of keys, and digests neither', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value))
        expect(digestOfValue(shuffled(value))).toBe(digestOfValue(value))
      }),
    )
  })

  it('is a fixed point: reading and writing again changes nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
  })

  it('is equal for two values exactly when JSON cannot tell them apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
        const same = canonicalJson(plain(a)) === canonicalJson(plain(b))
        let equal = true
        try {
          expect(plain(a)).toEqual(plain(b))
        } catch {
          equal = false
        }
        expect(same).toBe(equal)
      }),
    )
  })

  it('sorts keys by code unit, drops undefined members, and keeps holes of arrays as null', () => {
    expect(
      canonicalJson({ b: 1, a: undefined, é: [undefined, 2], A: null, 10: true, 9: 'x' }),
    ).toBe('{"10":true,"9":"x","A":null,"b":1,"é":[null,2]}')
  })

  it('refuses what JSON has no word for', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, Symbol('s')])
      expect(() => canonicalJson({ deep: [value] })).toThrow(TypeError)
  })

  it('gives the published SHA-256 of "abc"', () => {
    expect(digestOfBytes('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(contentId('run', { a: 1 })).toMatch(/^run_[0-9a-f]{16}$/)
  })
})
