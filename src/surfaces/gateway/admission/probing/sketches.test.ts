import { describe, expect, test } from 'vitest'
import { DistinctCount } from './distinct-count.ts'
import { RecentSet } from './recent-set.ts'
import { createRowHasher, mix } from './row-hash.ts'

const highOf = (n: number) => mix(0x9e3779b9, n)
const lowOf = (n: number) => mix(0x85ebca6b, n)

describe('the set of recent keys', () => {
  test('knows the last 20,000 keys, and hardly any that never came, however many come', () => {
    const set = new RecentSet()
    const keys = 200_000
    for (let n = 0; n < keys; n++) set.add(highOf(n), lowOf(n))
    for (let n = keys - 20_000; n < keys; n++) expect(set.has(highOf(n), lowOf(n))).toBe(true)
    let wrong = 0
    for (let n = keys; n < 2 * keys; n++) if (set.has(highOf(n), lowOf(n))) wrong++
    expect(wrong / keys).toBeLessThan(0.002)
  })
})

describe('the count of different keys', () => {
  test.each([10, 1_000, 5_000, 100_000, 1_000_000])('is near %i', (keys) => {
    const count = new DistinctCount()
    for (let n = 0; n < keys; n++) count.add(highOf(n), lowOf(n))
    for (let n = 0; n < Math.min(keys, 1_000); n++) count.add(highOf(n), lowOf(n))
    // Four standard errors.
    expect(Math.abs(count.estimate() / keys - 1)).toBeLessThan(0.092)
  })
})

describe('the hash of a row', () => {
  test('tells rows apart by any value, and columns from each other', () => {
    const hasher = createRowHasher()
    const rows = [
      [1, 2, 'a'],
      [2, 1, 'a'],
      [1, 2, 'b'],
      [1, null, 'a'],
      [1, 2, null],
      ['1', 2, 'a'],
      [1.0000000001, 2, 'a'],
    ]
    const columns = [0, 1, 2].map((column) => rows.map((row) => row[column]))
    const seen = rows.map((_, row) => {
      const { rowHigh, rowLow } = hasher.hash(columns, row)
      return `${rowHigh} ${rowLow}`
    })
    expect(new Set(seen).size).toBe(rows.length)
    const again = hasher.hash([[1], [2], ['a']], 0)
    expect(`${again.rowHigh} ${again.rowLow}`).toBe(seen[0])
  })
})
