import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensurePythonEnvironment } from './python-environment.ts'
import { pythonFolder } from './python-folder.ts'
import { readClientModel } from './read-client-model.ts'
import { runOnce } from './run-once.ts'

let python: string
let folder: string

beforeAll(async () => {
  python = (await ensurePythonEnvironment()).python
  folder = mkdtempSync(join(tmpdir(), 'esteira-sandbox-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function once(args: readonly string[], changed: Partial<Parameters<typeof runOnce>[0]> = {}) {
  return runOnce({
    command: python,
    args,
    folder,
    environment: { LANG: 'C.UTF-8' },
    input: '',
    timeLimitMs: 30_000,
    memoryLimitMb: 1_024,
    maxOutputBytes: 1_000_000,
    ...changed,
  })
}

describe('the confinement of a model reader', () => {
  test.each(['kernel', 'all'])('holds back whatever a model may try: %s', async (layer) => {
    const own = join(folder, `own-${layer}`)
    const canary = join(folder, `canary-${layer}`)
    mkdirSync(own)
    const program = join(import.meta.dirname, 'fixtures', 'reach_out.py')
    const host = String(process.pid)
    const outcome = await once(['-I', '-B', program, pythonFolder, own, canary, host, layer])
    expect(outcome).toMatchObject({ end: 'finished' })
    const { inForce, refused, allowed } = JSON.parse('output' in outcome ? outcome.output : '{}')
    // Without a kernel that confines, the hook alone would stand: say so instead of passing.
    expect(inForce).toEqual(expect.arrayContaining(['landlock', 'seccomp']))
    expect(Object.entries(refused).filter(([, result]) => result !== 'held')).toEqual([])
    expect(Object.entries(allowed).filter(([, result]) => result !== 'done')).toEqual([])
    expect(existsSync(canary)).toBe(false)
  })

  test('the reader itself works within it', async () => {
    const own = join(folder, 'reader')
    mkdirSync(own)
    writeFileSync(join(own, 'model.pkl'), 'cos\nsystem\n(S"true"\ntR.')
    const read = await readClientModel({ python, folder: own, file: 'model.pkl', format: 'pickle' })
    expect(read).toMatchObject({ refusal: { code: 'MODEL_GLOBAL_REFUSED' } })
  })

  test('a model file that is a link to elsewhere is not read', async () => {
    const own = join(folder, 'linked')
    mkdirSync(own)
    const secret = join(folder, 'secret')
    writeFileSync(secret, 'secret')
    symlinkSync(secret, join(own, 'model.pkl'))
    const read = await readClientModel({ python, folder: own, file: 'model.pkl', format: 'pickle' })
    expect(read).toMatchObject({
      refusal: { code: 'MODEL_FILE_INVALID', message: expect.stringContaining('may not read') },
    })
  })
})

describe('a process for one answer', () => {
  const forever = 'import time\nwhile True: time.sleep(0.01)'

  test('gives its output', async () => {
    const outcome = await once(['-c', 'import sys; print(sys.stdin.read())'], { input: 'hello' })
    expect(outcome).toEqual({ end: 'finished', output: 'hello\n' })
  })

  test('sees nothing of our environment', async () => {
    const outcome = await once(['-c', 'import os; print(sorted(os.environ))'])
    expect(outcome).toEqual({ end: 'finished', output: "['LANG']\n" })
  })

  test.each([
    ['time', forever, { timeLimitMs: 300 }, 'out-of-time'],
    ['memory', `x = bytearray(300 << 20)\n${forever}`, { memoryLimitMb: 100 }, 'out-of-memory'],
    ['words', 'while True: print("x" * 1000)', { maxOutputBytes: 10_000 }, 'too-talkative'],
    ['the caller', forever, { signal: AbortSignal.timeout(300) }, 'cancelled'],
    ['itself', 'import os; os.abort()', {}, 'crashed'],
  ] as const)('is ended by %s', async (_, program, changed, end) => {
    expect(await once(['-c', program], changed)).toMatchObject({ end })
  })

  test('that cannot start says so', async () => {
    expect(await once([], { command: join(folder, 'nothing') })).toMatchObject({ end: 'crashed' })
  })
})
