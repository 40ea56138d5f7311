import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { artifactFilesContract, codeOf } from '../../testkit/index.ts'
import { type ArtifactFiles, openArtifactFiles } from './index.ts'

/** What programs in processes of their own begin with. */
const IMPORTS = `
  import { Readable } from 'node:stream'
  import { openArtifactFiles } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}`

artifactFilesContract({ describe, it, expect }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-artifact-files-'))
  return {
    files: await openArtifactFiles(folder),
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  }
})

describe('artifact files in a folder', () => {
  let top: string
  let folder: string
  let files: ArtifactFiles
  beforeEach(async () => {
    top = mkdtempSync(join(tmpdir(), 'esteira-artifact-files-'))
    folder = join(top, 'artifacts')
    files = await openArtifactFiles(pathToFileURL(folder).href)
    mkdirSync(join(top, 'outside'))
    writeFileSync(join(top, 'outside', 'secret'), 'secret')
  })
  afterEach(() => rmSync(top, { recursive: true, force: true }))

  it('follows no link that leads out of the folder', async () => {
    symlinkSync(join(top, 'outside'), join(folder, 'out'))
    symlinkSync(join(top, 'outside', 'secret'), join(folder, 'file'))
    for (const path of ['out/secret', 'file'])
      expect(await codeOf(() => files.get(path))).toBe('ARTIFACT_PATH_INVALID')
    expect(await codeOf(() => files.stat('out/secret'))).toBe('ARTIFACT_PATH_INVALID')
    expect(await codeOf(() => files.put('out/new', Readable.from(['x'])))).toBe(
      'ARTIFACT_PATH_INVALID',
    )
    expect(await codeOf(() => files.put('out/deep/new', Readable.from(['x'])))).toBe(
      'ARTIFACT_PATH_INVALID',
    )
    expect(await codeOf(() => files.list('out'))).toBe('ARTIFACT_PATH_INVALID')
    expect(await codeOf(() => files.delete('out/secret'))).toBe('ARTIFACT_PATH_INVALID')
    expect((await files.list('')).entries).toEqual([])
    // A link itself may be replaced or deleted; what it leads to stays.
    await files.put('file', Readable.from([Buffer.from('own')]))
    await files.delete('out')
    expect(readdirSync(join(top, 'outside'))).toEqual(['secret'])
  })

  it('says when a file stands where a folder is needed, or the other way round', async () => {
    await files.put('a/b', Readable.from([Buffer.from('x')]))
    const put = (path: string) => codeOf(() => files.put(path, Readable.from([Buffer.from('y')])))
    expect(await put('a/b/c')).toBe('ARTIFACT_PATH_TAKEN')
    expect(await put('a')).toBe('ARTIFACT_PATH_TAKEN')
  })

  it('leaves no half file when the process is killed, and finds the rest', async () => {
    const program = `
      const files = await openArtifactFiles(${JSON.stringify(folder)})
      await files.put('x/big', Readable.from((async function* () {
        for (let i = 0; ; i++) {
          yield Buffer.alloc(65536)
          if (i === 20) process.stdout.write('writing')
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      })()))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', `${IMPORTS}${program}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await files.stat('x/big')).toBe(undefined)
    expect(readdirSync(join(folder, '.esteira-uploads'))).toHaveLength(1)
    expect(await files.removeLeftovers(3_600_000)).toBe(0)
    expect(await files.removeLeftovers(-60_000)).toBe(1)
    expect(readdirSync(join(folder, '.esteira-uploads'))).toEqual([])
  })

  it.runIf(process.platform === 'linux')('says that there is no room, and keeps nothing', () => {
    // A limit on the size of files, in blocks of 512 bytes, stands in for a full disk.
    const program = `
      const files = await openArtifactFiles(${JSON.stringify(folder)})
      const code = await files
        .put('x/big', Readable.from([Buffer.alloc(4 << 20)]))
        .catch((error) => error.code + ' ' + error.status)
      process.stdout.write(String(code))`
    const limited = ['-c', 'ulimit -f 2048; exec "$0" "$@"', process.execPath]
    const said = execFileSync('sh', [
      ...limited,
      '--input-type=module',
      '-e',
      `${IMPORTS}${program}`,
    ])
    expect(said.toString()).toBe('STORAGE_FULL 507')
    expect(readdirSync(join(folder, '.esteira-uploads'))).toEqual([])
  })

  it('serves a folder that MLflow filled before', async () => {
    mkdirSync(join(folder, '0', 'run', 'artifacts', 'model'), { recursive: true })
    writeFileSync(join(folder, '0', 'run', 'artifacts', 'model', 'MLmodel'), 'flavors: {}')
    expect((await files.stat('0/run/artifacts/model/MLmodel'))?.bytes).toBe(11)
  })
})

describe('opening artifact files', () => {
  it.each(['ftp://x/y', 'gs://bucket', 's3://', 's3://UP_per/x', '', 'file://host/x'])(
    'refuses %j',
    async (destination) => {
      expect(await codeOf(() => openArtifactFiles(destination))).toBe(
        'ARTIFACT_DESTINATION_INVALID',
      )
    },
  )

  it('says when a folder cannot be made', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'esteira-artifact-files-')), 'file')
    writeFileSync(file, '')
    expect(await codeOf(() => openArtifactFiles(file))).toBe('ARTIFACT_DESTINATION_FAILED')
  })
})
