import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WritePace } from './write-pace.ts'

describe('where the next write is made', () => {
  it('in the event loop as long as writes there are quick', () => {
    const pace = new WritePace(tmpdir())
    for (let ms = 0; ms < 1_000; ms++) {
      expect(pace.isQuick(ms)).toBe(true)
      pace.took(0.02, ms)
    }
  })

  it('elsewhere for ten seconds after one that waited for a disk, then in the event loop again', () => {
    const pace = new WritePace(tmpdir())
    pace.took(150, 1_000)
    expect([1_000, 5_000, 10_999, 11_000].map((ms) => pace.isQuick(ms))).toEqual([
      false,
      false,
      false,
      true,
    ])
  })

  it('elsewhere when nobody can say what lies under the folder', () => {
    expect(new WritePace(join(tmpdir(), 'not', 'there')).isQuick(0)).toBe(false)
  })
})
