import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { artifactStoreContract } from '../../testkit/index.ts'
import { openArtifactStore } from './file-artifact-store.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-artifacts-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const newFolder = () => mkdtempSync(join(root, 'store-'))

artifactStoreContract({ describe, it, expect }, () => {
  const folder = newFolder()
  return {
    store: openArtifactStore(folder),
    reopen: () => openArtifactStore(folder),
    dispose: () => undefined,
  }
})

/** Names of everything below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
}

describe('file artifact store', () => {
  it('lays files out by digest and takes away the right to write them', async () => {
    const folder = newFolder()
    const store = openArtifactStore(folder)
    const { digest } = await store.putBytes('hello', { name: 'a' })
    const path = store.pathOf(digest)
    expect(path).toBe(join(folder, 'sha256', digest.slice(0, 2), digest))
    expect(statSync(path).mode & 0o777).toBe(0o444)
    expect(filesBelow(folder)).toEqual([digest])
  })

  it('removes the work of ended processes and leaves the work of living ones', () => {
    const folder = newFolder()
    const mine = openArtifactStore(folder).temporaryFolder()
    const ended = spawnSync(process.execPath, ['-e', '0']).pid
    const tmp = join(folder, 'tmp')
    const dead = join(tmp, `${ended}~${encodeURIComponent(hostname())}~1~abc`)
    // The number lives again (here: our parent), but started at another time.
    const reused = join(tmp, `${process.ppid}~${encodeURIComponent(hostname())}~1~abc`)
    const elsewhere = join(tmp, `${ended}~another-host~1~abc`)
    const foreign = join(tmp, 'notes')
    for (const path of [dead, reused, elsewhere, foreign]) mkdirSync(path)
    writeFileSync(join(dead, 'half'), 'half a file')
    openArtifactStore(folder)
    expect([dead, reused, elsewhere, foreign, mine.path].map((path) => existsSync(path))).toEqual([
      false,
      process.platform !== 'linux',
      true,
      true,
      true,
    ])
  })

  it('leaves nothing behind when there is no room', () => {
    // A limit on the size of files stands in for a full disk: the write ends in EFBIG half-way.
    const folder = newFolder()
    const index = new URL('./file-artifact-store.ts', import.meta.url).href
    const program = `
      import { openArtifactStore } from ${JSON.stringify(index)}
      const store = openArtifactStore(${JSON.stringify(folder)})
      const small = await store.putBytes('small', { name: 's' })
      try { await store.putBytes(new Uint8Array(1_000_000), { name: 'big' }); console.log('kept') }
      catch (error) { console.log(error.code, store.has(small.digest)) }`
    const shell = `ulimit -f 200; exec "$0" --input-type=module -e "$1"`
    const output = execFileSync('bash', ['-c', shell, process.execPath, program], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(output.trim()).toBe('STORAGE_FULL true')
    expect(filesBelow(folder).length).toBe(1)
  })
})
