import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ArtifactStore } from '../platform/storage/index.ts'
import { type ContractTools, codeOf } from './contract-tools.ts'

export interface OpenedArtifactStore {
  readonly store: ArtifactStore
  /** A second view of the same data, as another process would open it. */
  reopen(): ArtifactStore
  dispose(): void
}

const ABSENT = '0'.repeat(64)

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Everything the port `ArtifactStore` promises, as tests. */
export function artifactStoreContract(tools: ContractTools, open: () => OpenedArtifactStore): void {
  const { expect } = tools
  const check = (name: string, body: (opened: OpenedArtifactStore) => Promise<void>) =>
    tools.it(name, async () => {
      const opened = open()
      try {
        await body(opened)
      } finally {
        opened.dispose()
      }
    })

  tools.describe('artifact store contract', () => {
    check('names bytes by their SHA-256 and gives them back', async ({ store, reopen }) => {
      const ref = await store.putBytes('hello', { name: 'greeting.txt' })
      expect(ref).toEqual({ digest: sha256('hello'), bytes: 5, name: 'greeting.txt' })
      expect(store.has(ref.digest)).toBe(true)
      expect(readFileSync(reopen().pathOf(ref.digest), 'utf8')).toBe('hello')
      await store.verify(ref.digest)
    })

    check('keeps a copy of a file, or moves it', async ({ store }) => {
      const work = store.temporaryFolder()
      const path = join(work.path, 'a.txt')
      writeFileSync(path, 'content')
      const copied = await store.putFile(path, { name: 'a.txt' })
      expect(existsSync(path)).toBe(true)
      const moved = await store.putFile(path, { name: 'b.txt', move: true })
      expect(existsSync(path)).toBe(false)
      expect(moved).toEqual({ ...copied, name: 'b.txt' })
      expect(readFileSync(store.pathOf(moved.digest), 'utf8')).toBe('content')
    })

    check('takes the same bytes from many at once', async ({ store, reopen }) => {
      const other = reopen()
      const refs = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).putBytes('x', { name: 'x' })),
      )
      expect(new Set(refs.map((ref) => ref.digest)).size).toBe(1)
      await store.verify(sha256('x'))
    })

    check('says which artifact is missing', async ({ store }) => {
      expect(store.has(ABSENT)).toBe(false)
      expect(store.has('../../etc/passwd')).toBe(false)
      expect(await codeOf(() => store.pathOf(ABSENT))).toBe('ARTIFACT_MISSING')
      expect(await codeOf(() => store.pathOf('../escape'))).toBe('ARTIFACT_MISSING')
      expect(await codeOf(() => store.verify(ABSENT))).toBe('ARTIFACT_MISSING')
      const put = () => store.putFile(join(store.temporaryFolder().path, 'no'), { name: 'no' })
      expect(await codeOf(put)).toBe('ARTIFACT_UNREADABLE')
    })

    check('notices bytes that were changed behind its back', async ({ store }) => {
      const { digest } = await store.putBytes('hello', { name: 'a' })
      const path = store.pathOf(digest)
      chmodSync(path, 0o644)
      writeFileSync(path, 'hellO')
      expect(await codeOf(() => store.verify(digest))).toBe('ARTIFACT_CORRUPT')
    })

    check('gives each caller a temporary folder of its own', async ({ store }) => {
      const [a, b] = [store.temporaryFolder(), store.temporaryFolder()]
      expect(a.path === b.path).toBe(false)
      writeFileSync(join(a.path, 'f'), '1')
      a.dispose()
      expect([existsSync(a.path), existsSync(b.path)]).toEqual([false, true])
    })
  })
}
