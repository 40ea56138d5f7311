import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import type { ArtifactEntry, ArtifactFiles } from '../platform/artifact-files/index.ts'
import { type ContractTools, codeOf } from './contract-tools.ts'

export interface OpenedArtifactFiles {
  readonly files: ArtifactFiles
  dispose(): Promise<void>
}

/** What no destination may take as a path, whatever a client thought it would reach. */
export const HOSTILE_PATHS: readonly string[] = [
  '',
  '.',
  '..',
  '../escape',
  'a/../../escape',
  'a/./b',
  'a//b',
  '/etc/passwd',
  'a/',
  'C:\\Windows\\win.ini',
  'C:/Windows/win.ini',
  'a\\..\\b',
  'nul\0byte',
  'line\nbreak',
  'tab\tname',
  '\u0085',
  '\ud800',
  '.esteira-uploads/x',
  'x'.repeat(256),
  'deep/'.repeat(200).concat('x'),
]

/** Everything the port `ArtifactFiles` promises, as tests. */
export function artifactFilesContract(
  tools: ContractTools,
  open: () => Promise<OpenedArtifactFiles>,
): void {
  const { expect } = tools
  const check = (name: string, body: (files: ArtifactFiles) => Promise<void>) =>
    tools.it(name, async () => {
      const opened = await open()
      try {
        await body(opened.files)
      } finally {
        await opened.dispose()
      }
    })

  tools.describe('artifact files contract', () => {
    check('writes a file, gives it back and knows its facts', async (files) => {
      const written = await files.put('1/run/artifacts/a b%41é.txt', of('hello'))
      expect(written).toEqual({ bytes: 5, sha256: sha256('hello') })
      const { stream, ...facts } = await files.get('1/run/artifacts/a b%41é.txt')
      expect(await text(stream)).toBe('hello')
      expect(await files.stat('1/run/artifacts/a b%41é.txt')).toEqual(facts)
      expect([facts.path, facts.bytes]).toEqual(['1/run/artifacts/a b%41é.txt', 5])
      expect(facts.etag).toMatch(/^".+"$/)
      expect(Math.abs(facts.lastModifiedMs - Date.now()) < 3_600_000).toBe(true)
    })

    check('replaces a file as a whole, and takes an empty one', async (files) => {
      await files.put('a/b', of('first content'))
      await files.put('a/b', of('second'))
      expect(await text((await files.get('a/b')).stream)).toBe('second')
      await files.put('a/b', of(''))
      expect((await files.stat('a/b'))?.bytes).toBe(0)
      expect(await text((await files.get('a/b')).stream)).toBe('')
    })

    check('carries files larger than its buffers', async (files) => {
      const part = randomBytes(1 << 20)
      const hash = createHash('sha256')
      const content = Readable.from(
        (function* () {
          for (let i = 0; i < 40; i++) {
            hash.update(part)
            yield part
          }
        })(),
      )
      const { bytes, sha256: digest } = await files.put('big', content)
      expect([bytes, digest]).toEqual([40 << 20, hash.digest('hex')])
      const back = createHash('sha256')
      for await (const chunk of (await files.get('big')).stream) back.update(chunk)
      expect(back.digest('hex')).toBe(digest)
    })

    check('reads ranges', async (files) => {
      await files.put('digits', of('0123456789'))
      const read = async (start: number, end?: number) =>
        text((await files.get('digits', { range: { start, end } })).stream)
      expect([await read(2, 4), await read(7), await read(0, 0)]).toEqual(['234', '789', '0'])
      const { stream, bytes } = await files.get('digits', { range: { start: 8 } })
      expect([bytes, await text(stream)]).toEqual([10, '89'])
      expect(await codeOf(() => read(10))).toBe('ARTIFACT_RANGE_INVALID')
    })

    check('says what is missing', async (files) => {
      await files.put('folder/file', of('x'))
      expect(await codeOf(() => files.get('nothing'))).toBe('ARTIFACT_FILE_MISSING')
      expect(await codeOf(() => files.get('folder'))).toBe('ARTIFACT_FILE_MISSING')
      expect(await codeOf(() => files.get('folder/file/below'))).toBe('ARTIFACT_FILE_MISSING')
      expect(await files.stat('nothing')).toBe(undefined)
      expect(await files.stat('folder')).toBe(undefined)
      expect((await files.list('nothing')).entries).toEqual([])
      expect(await files.delete('nothing')).toBe(0)
    })

    check('lists one level, page by page', async (files) => {
      for (const path of ['r/a.txt', 'r/a/1', 'r/a/2', 'r/b/deep/3', 'r/c', 'other/x'])
        await files.put(path, of(path))
      const whole = await files.list('r')
      expect(byPath(whole.entries)).toEqual([
        { path: 'r/a', isFolder: true, bytes: 0 },
        { path: 'r/a.txt', isFolder: false, bytes: 7 },
        { path: 'r/b', isFolder: true, bytes: 0 },
        { path: 'r/c', isFolder: false, bytes: 3 },
      ])
      expect(whole.nextPageToken).toBe(undefined)
      const paged: ArtifactEntry[] = []
      let pageToken: string | undefined
      do {
        const page = await files.list('r', { limit: 1, pageToken })
        expect(page.entries.length <= 1).toBe(true)
        paged.push(...page.entries)
        pageToken = page.nextPageToken
      } while (pageToken !== undefined)
      expect(byPath(paged)).toEqual(byPath(whole.entries))
      expect((await files.list('')).entries.map(({ path }) => path)).toEqual(['other', 'r'])
      expect(await files.list('r/')).toEqual(whole)
    })

    check('walks everything below a folder', async (files) => {
      for (const path of ['r/a', 'r/b/c', 'rr/d']) await files.put(path, of(path))
      const walked = async (folder: string) => {
        const paths = []
        for await (const { path, bytes } of files.walk(folder)) paths.push(`${path}:${bytes}`)
        return paths.sort()
      }
      expect(await walked('r')).toEqual(['r/a:3', 'r/b/c:5'])
      expect(await walked('')).toEqual(['r/a:3', 'r/b/c:5', 'rr/d:4'])
      expect(await walked('nothing')).toEqual([])
    })

    check('deletes a file or a folder, and nothing beside it', async (files) => {
      for (const path of ['r/a', 'r/b/c', 'r/b/d', 'rr/e']) await files.put(path, of(path))
      expect(await files.delete('r/b')).toBe(2)
      expect((await files.list('r')).entries.map(({ path }) => path)).toEqual(['r/a'])
      expect(await files.delete('r/a')).toBe(1)
      expect((await files.list('')).entries.map(({ path }) => path)).toEqual(['rr'])
    })

    check('keeps nothing of an upload that broke off', async (files) => {
      await files.put('kept', of('before'))
      const broken = () =>
        Readable.from(
          (async function* () {
            yield Buffer.alloc(1 << 20)
            throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
          })(),
        )
      expect(await codeOf(() => files.put('kept', broken()))).toBe('ARTIFACT_UPLOAD_CUT')
      expect(await codeOf(() => files.put('new', broken()))).toBe('ARTIFACT_UPLOAD_CUT')
      expect(await text((await files.get('kept')).stream)).toBe('before')
      expect(await files.stat('new')).toBe(undefined)
      expect(await files.removeLeftovers(-60_000)).toBe(0)
    })

    check('stops writing when asked to', async (files) => {
      const controller = new AbortController()
      const endless = Readable.from(
        (async function* () {
          for (let i = 0; ; i++) {
            if (i === 3) controller.abort()
            yield Buffer.alloc(1 << 16)
          }
        })(),
      )
      const put = () => files.put('endless', endless, { signal: controller.signal })
      expect(await codeOf(put)).toBe('ARTIFACT_UPLOAD_CUT')
      expect(await files.stat('endless')).toBe(undefined)
    })

    check('takes the same path from many at once: one of them stands, whole', async (files) => {
      const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000))
      await Promise.all(contents.map((content) => files.put('race/x', of(content))))
      expect(contents.includes(await text((await files.get('race/x')).stream))).toBe(true)
    })

    check('refuses every path that is no plain one', async (files) => {
      for (const path of HOSTILE_PATHS) {
        const got = [
          await codeOf(() => files.put(path, of('x'))),
          await codeOf(() => files.get(path)),
          await codeOf(() => files.stat(path)),
          await codeOf(() => files.delete(path)),
          await codeOf(() => files.multipart.begin(path, 1)),
        ]
        expect({ path, got }).toEqual({ path, got: got.map(() => 'ARTIFACT_PATH_INVALID') })
      }
      expect(await codeOf(() => files.list('a/../..'))).toBe('ARTIFACT_PATH_INVALID')
    })

    check('puts a file together from parts', async (files) => {
      // S3 wants every part but the last to have 5 MiB.
      const parts = [randomBytes(5 << 20), randomBytes(5 << 20), Buffer.from('end')]
      const uploadId = await files.multipart.begin('m/file', parts.length)
      const etags = await Promise.all(
        parts.map((part, i) => sendPart(files, { path: 'm/file', uploadId, part: i + 1 }, part)),
      )
      expect(await files.stat('m/file')).toBe(undefined)
      const named = etags.map((etag, i) => ({ number: i + 1, etag }))
      await files.multipart.complete('m/file', uploadId, named)
      const back = await buffer((await files.get('m/file')).stream)
      expect(back.equals(Buffer.concat(parts))).toBe(true)
      const again = () => files.multipart.complete('m/file', uploadId, named)
      expect(await codeOf(again)).toBe('MULTIPART_UPLOAD_UNKNOWN')
      expect((await files.stat('m/file'))?.bytes).toBe(back.length)
    })

    check('refuses parts that are missing or wrong', async (files) => {
      const { multipart } = files
      expect(await codeOf(() => multipart.begin('m', 0))).toBe('MULTIPART_UPLOAD_INVALID')
      expect(await codeOf(() => multipart.begin('m', 10_001))).toBe('MULTIPART_UPLOAD_INVALID')
      const uploadId = await multipart.begin('m', 2)
      const etag = await sendPart(files, { path: 'm', uploadId, part: 1 }, randomBytes(5 << 20))
      const complete = (parts: { number: number; etag: string }[], id = uploadId) =>
        codeOf(() => multipart.complete('m', id, parts))
      const wrong = { number: 2, etag: `"${'0'.repeat(32)}"` }
      expect(await complete([{ number: 1, etag }, wrong])).toBe('MULTIPART_UPLOAD_INVALID')
      expect(await complete([{ number: 1, etag }], '../../x')).toBe('MULTIPART_UPLOAD_UNKNOWN')
      await multipart.abort('m', uploadId)
      await multipart.abort('m', uploadId)
      expect(await complete([{ number: 1, etag }, wrong])).toBe('MULTIPART_UPLOAD_UNKNOWN')
      expect(await files.stat('m')).toBe(undefined)
    })

    check('finds what killed uploads left behind', async (files) => {
      const uploadId = await files.multipart.begin('m', 1)
      expect(await files.removeLeftovers(-60_000)).toBe(1)
      const send = () => files.multipart.complete('m', uploadId, [{ number: 1, etag: '"x"' }])
      expect(await codeOf(send)).toBe('MULTIPART_UPLOAD_UNKNOWN')
    })
  })
}

async function sendPart(
  { multipart }: ArtifactFiles,
  at: { path: string; uploadId: string; part: number },
  content: Buffer,
): Promise<string> {
  if (multipart.way === 'through-here')
    return (await multipart.putPart(at, Readable.from([content]))).etag
  const url = await multipart.partUrl(at.path, at.uploadId, at.part)
  const answer = await fetch(url, { method: 'PUT', body: new Uint8Array(content) })
  return answer.headers.get('etag') ?? `status ${answer.status}`
}

function of(content: string): Readable {
  return Readable.from([Buffer.from(content)])
}

function byPath(entries: readonly ArtifactEntry[]): ArtifactEntry[] {
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}
