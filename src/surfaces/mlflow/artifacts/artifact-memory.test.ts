import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { measureArtifactMemory } from '../fixtures/artifact-memory.ts'

const MEBIBYTE = 1 << 20
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-memory-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it.runIf(process.platform === 'linux')(
  'carries a file of 300 MiB up and down at flat memory',
  async () => {
    const got = await measureArtifactMemory({ folder, bytes: 300 * MEBIBYTE })
    // Buffers and young garbage of the streams; the file itself would be twice this.
    expect(got.peakUpBytes - got.idleBytes).toBeLessThan(150 * MEBIBYTE)
    expect(got.peakDownBytes - got.idleBytes).toBeLessThan(150 * MEBIBYTE)
  },
)
