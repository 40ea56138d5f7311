import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { findPython } from './find-python.ts'
import { ensurePythonEnvironment } from './python-environment.ts'

const folders: string[] = []
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true })
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'esteira-environment-'))
  folders.push(path)
  return path
}

function requirements(text: string): string {
  const path = join(folder(), 'requirements.lock')
  writeFileSync(path, text)
  return path
}

describe('the environment', () => {
  it('is made once, by one of two makers at once, and found again', async () => {
    const options = { requirements: requirements('# nothing\n'), cacheFolder: folder() }
    const both = await Promise.all([
      ensurePythonEnvironment(options),
      ensurePythonEnvironment(options),
    ])
    expect(both.map(({ created }) => created).toSorted()).toEqual([false, true])
    expect(await ensurePythonEnvironment(options)).toEqual({ ...both[0], created: false })
    const made = dirname(dirname(both[0].python))
    expect(readdirSync(dirname(made))).toEqual([made.slice(dirname(made).length + 1)])
  })

  it('is made anew where one was left half-made, with a dead owner of the lock', async () => {
    const options = { requirements: requirements('# none\n'), cacheFolder: folder() }
    const { python } = await ensurePythonEnvironment({ ...options, cacheFolder: folder() })
    const name = dirname(dirname(python)).split('/').at(-1) ?? ''
    const parent = join(options.cacheFolder, 'python')
    // Number above the kernel's largest: certainly no process.
    const leftover = join(parent, `${name}.making-99999999`)
    mkdirSync(leftover, { recursive: true })
    mkdirSync(join(parent, name, 'bin'), { recursive: true })
    writeFileSync(join(parent, `${name}.lock`), '99999999')
    const again = await ensurePythonEnvironment(options)
    expect(again.created).toBe(true)
    expect(existsSync(again.python)).toBe(true)
    expect(readdirSync(parent)).toEqual([name])
  })

  it('refuses a package without its hash, and leaves nothing behind', async () => {
    const cacheFolder = folder()
    const options = { requirements: requirements('threadpoolctl==3.8.0\n'), cacheFolder }
    await expect(ensurePythonEnvironment(options)).rejects.toMatchObject({
      code: 'PYTHON_ENVIRONMENT_FAILED',
      message: expect.stringMatching(/pip install: .*hash/i),
    })
    expect(readdirSync(join(cacheFolder, 'python'))).toEqual([])
  })
})

describe('the interpreter', () => {
  it('is found on the path and is recent enough', async () => {
    const { executable, version } = await findPython()
    expect(existsSync(executable)).toBe(true)
    expect(Number(version.split('.')[1])).toBeGreaterThanOrEqual(11)
  })

  it('says what was tried when there is none', async () => {
    await expect(findPython({ PATH: folder() })).rejects.toMatchObject({
      code: 'PYTHON_NOT_FOUND',
      message: expect.stringContaining('python3.12'),
    })
    await expect(findPython({ ESTEIRA_PYTHON: '/bin/false' })).rejects.toMatchObject({
      details: { tried: '/bin/false' },
    })
  })
})
