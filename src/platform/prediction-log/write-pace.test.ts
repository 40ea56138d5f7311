import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { JournalFile } from './journal-file.ts'
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

  it('elsewhere in the next journal too: the disk is the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esteira-pace-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const pace = new WritePace(folder)
    const tells = vi.spyOn(pace, 'took')
    const write = async () => {
      const file = await JournalFile.create(folder, Date.now(), pace)
      await file.write(Buffer.from('some bytes'), false)
      await file.seal()
      return file.size
    }
    expect([await write(), tells.mock.calls.length]).toEqual([10, 1])
    pace.took(150, performance.now())
    // Only writes of the event loop are told of.
    expect([await write(), tells.mock.calls.length]).toEqual([10, 2])
  })

  it('elsewhere when nobody can say what lies under the folder', () => {
    expect(new WritePace(join(tmpdir(), 'not', 'there')).isQuick(0)).toBe(false)
  })
})
