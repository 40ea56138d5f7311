import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layerEntries } from './layer-entries.ts'
import type { TarEntry } from './tar-entry.ts'
import { writeTar } from './write-tar.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-tar-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (path: string, text = ''): TarEntry => ({
  kind: 'file',
  path,
  mode: 0o644,
  content: { bytes: Buffer.from(text) },
})

async function archiveOf(entries: Iterable<TarEntry>, mtime = 0): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of writeTar(entries, mtime)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What Python's tarfile, which shares no code with ours, makes of an archive. */
async function readBack(entries: Iterable<TarEntry>, mtime = 0) {
  const path = join(folder, 'a.tar')
  writeFileSync(path, await archiveOf(entries, mtime))
  const script = `
import json, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    print(json.dumps([[m.name, m.type.decode(), m.mode, m.uid, m.gid, m.mtime, m.linkname,
      archive.extractfile(m).read().decode() if m.isfile() else None] for m in archive]))`
  return JSON.parse(execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }))
}

describe('a tar archive', () => {
  test('says to other readers what was put in', async () => {
    const entries: TarEntry[] = [
      { kind: 'directory', path: 'tmp', mode: 0o1777 },
      { kind: 'directory', path: 'data', mode: 0o770, uid: 65_532 },
      file('data/a.txt', 'x'.repeat(513)),
      { kind: 'link', path: 'data/b', mode: 0o777, target: 'a.txt' },
    ]
    expect(await readBack(entries, 1_700_000_000)).toEqual([
      ['tmp', '5', 0o1777, 0, 0, 1_700_000_000, '', null],
      ['data', '5', 0o770, 65_532, 0, 1_700_000_000, '', null],
      ['data/a.txt', '0', 0o644, 0, 0, 1_700_000_000, '', 'x'.repeat(513)],
      ['data/b', '2', 0o777, 0, 0, 1_700_000_000, 'a.txt', null],
    ])
  })

  test('keeps names of any length and alphabet', async () => {
    const names = [
      'n'.repeat(100),
      'n'.repeat(101),
      `${'d'.repeat(155)}/${'n'.repeat(100)}`,
      `${'d'.repeat(156)}/${'n'.repeat(100)}`,
      `${'deep/'.repeat(60)}end`,
      'ação/模型.onnx',
    ]
    const read: [string][] = await readBack(names.map((name) => file(name, name)))
    expect(read.map(([name]) => name)).toEqual(names)
    const target = `${'t/'.repeat(80)}end`
    const link: TarEntry = { kind: 'link', path: 'l', mode: 0o777, target }
    expect((await readBack([link]))[0][6]).toBe(target)
  })

  test('is made of whole blocks, whatever the lengths', async () => {
    const lengths = fc.array(fc.nat(2_000), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(lengths, async (sizes) => {
        const entries = sizes.map((size, at) => file(`f${at}`, 'y'.repeat(size)))
        const archive = await archiveOf(entries)
        expect(archive.byteLength % 512).toBe(0)
        const blocks = sizes.reduce((sum, size) => sum + 1 + Math.ceil(size / 512), 2)
        expect(archive.byteLength).toBe(blocks * 512)
      }),
    )
  })

  test.each([4, 12])('refuses a file of %i bytes that was said to have 8', async (bytes) => {
    const path = join(folder, 'changing')
    writeFileSync(path, 'z'.repeat(bytes))
    const entry: TarEntry = {
      kind: 'file',
      path: 'f',
      mode: 0o644,
      content: { file: path, size: 8 },
    }
    await expect(archiveOf([entry])).rejects.toMatchObject({ code: 'IMAGE_SOURCE_CHANGED' })
  })
})

describe('the entries of a layer', () => {
  test('are in one order, folders first, each once', () => {
    const given = [
      file('a/b/c'),
      file('a-b'),
      { ...file('a/b'), kind: 'directory' } as TarEntry,
      file('a-b'),
    ]
    const expected = ['a', 'a/b', 'a/b/c', 'a-b']
    expect(layerEntries(given).map(({ path }) => path)).toEqual(expected)
    expect(layerEntries(given.toReversed()).map(({ path }) => path)).toEqual(expected)
  })
})
