import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { compactLog } from './compact-log.ts'
import { sampleEntry } from './fixtures/sample-entry.ts'
import { openPredictionLog } from './open-prediction-log.ts'
import type { PredictionLog } from './prediction-log.ts'

const WRITER = join(import.meta.dirname, 'fixtures/write-process.ts')
const MOST_CALLS = 3_000
const CALLS = 400

const endings: (() => void)[] = []
afterEach(() => {
  for (const end of endings.splice(0).reverse()) end()
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-log-full-'))
  endings.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

interface Answer {
  readonly id: string
  /** Undefined when it was kept. */
  readonly code: string | undefined
}

/** Writes in a process that may write no larger file. @returns its answers, in their order */
function writeWithin(kibibytes: number, folder: string, journalBytes: number): Promise<Answer[]> {
  const command = `ulimit -f ${kibibytes}; exec "$@"`
  const write = [process.execPath, WRITER, folder, 'w', '20', String(journalBytes), String(CALLS)]
  const child = spawn('bash', ['-c', command, 'bash', ...write], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  return new Promise((resolve) => {
    child.once('close', () => {
      const lines = printed.split('\n').slice(0, -1)
      resolve(lines.map((line) => line.split(' ')).map(([, id = '', code]) => ({ id, code })))
    })
  })
}

/** Appends until one is refused. @returns ids that were kept, and the refusal's code */
async function appendUntilFull(log: PredictionLog, prefix: string) {
  const kept: string[] = []
  for (let i = 0; i < MOST_CALLS; i++) {
    const id = `${prefix}${i}`
    try {
      await log.append([sampleEntry(id, i, { inputs: { text: 'x'.repeat(2_000) } })])
      kept.push(id)
    } catch (error) {
      return { kept, code: (error as { code?: string }).code }
    }
  }
  throw new Error(`${MOST_CALLS} calls fitted in; the place is too large for this test`)
}

async function idsIn(log: PredictionLog, endpoint: string): Promise<string[]> {
  return (await log.window({ endpoint, fromMs: 0, toMs: 1e15 })).map(({ id }) => id)
}

describe('a log that may write no larger file', () => {
  it('refuses what does not fit, keeps what it acknowledged, and goes on in the next journal', async () => {
    const folder = newFolder()
    // Journals want to be larger than files may: each ends with a write that fails half-way.
    const answers = await writeWithin(64, folder, 10_000_000)
    const refused = answers.filter(({ code }) => code !== undefined)
    const kept = answers.filter(({ code }) => code === undefined)
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['STORAGE_FULL']))
    expect(answers).toHaveLength(CALLS)
    // One after the first refusal: it went on by itself.
    const first = answers.findIndex(({ code }) => code !== undefined)
    expect(answers.slice(first).some(({ code }) => code === undefined)).toBe(true)
    const troubles: unknown[] = []
    const log = await openPredictionLog(folder, { onTrouble: (error) => troubles.push(error) })
    const rows = new Set(await idsIn(log, 'w'))
    for (const { id } of kept)
      expect([0, 19].map((row) => rows.has(`${id}/${row}`))).toEqual([true, true])
    expect(rows.size % 20).toBe(0)
    await compactLog(folder)
    expect(new Set(await idsIn(log, 'w'))).toEqual(rows)
    expect(troubles).toEqual([])
    await log.close()
  }, 120_000)
})

const mayMount = process.getuid?.() === 0 && canMount()

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

// Where the test may mount: a disk that is really full, and gets room again under an open log.
describe.runIf(mayMount)('a log whose disk is full', () => {
  it('refuses until there is room, is read meanwhile, and goes on without being opened again', async () => {
    const disk = newFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk])
    endings.push(() => {
      execFileSync('umount', ['-l', disk])
    })
    const folder = join(disk, 'predictions')
    const ballast = join(disk, 'ballast')
    const log = await openPredictionLog(folder, { compacts: false })
    await log.append([sampleEntry('before', 0)])
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - 100_000))
    const { kept, code } = await appendUntilFull(log, 'a')
    expect(code).toBe('STORAGE_FULL')
    expect(kept.length).toBeGreaterThan(5)
    for (let i = 0; i < 20; i++) {
      const large = sampleEntry(`large${i}`, 0, { inputs: { text: 'x'.repeat(50_000) } })
      await expect(log.append([large])).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    }
    const full = await openPredictionLog(folder, { compacts: false })
    expect((await idsIn(full, 'delays')).toSorted()).toEqual(['before', ...kept].toSorted())
    await full.close()
    rmSync(ballast)
    await log.append([sampleEntry('after', 1e6)])
    expect((await idsIn(log, 'delays')).toSorted()).toEqual(['after', 'before', ...kept].toSorted())
    await log.close()
    await compactLog(folder)
    const fresh = await openPredictionLog(folder)
    expect(await fresh.count('delays')).toBe(kept.length + 2)
    await fresh.close()
  }, 60_000)
})
