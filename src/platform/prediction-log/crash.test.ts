import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { compactLog } from './compact-log.ts'
import { openPredictionLog } from './open-prediction-log.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-log-crash-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const WRITER = join(import.meta.dirname, 'fixtures/write-process.ts')
const COMPACTOR = join(import.meta.dirname, 'compact-process.ts')
const ROWS = 7

/** Lets a writer acknowledge some calls, and kills it a random moment later. @returns their ids */
function writeAndKill(folder: string, name: string): Promise<string[]> {
  const enough = 100 + Math.floor(Math.random() * 300)
  const child = spawn(process.execPath, [WRITER, folder, name, String(ROWS), '60000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve) => {
    let printed = ''
    let ending = false
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      printed += text
      if (ending || printed.split('\n').length <= enough) return
      ending = true
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 20)
    })
    child.once('close', () => resolve(keptIn(printed)))
  })
}

function keptIn(printed: string): string[] {
  const lines = printed.split('\n').slice(0, -1)
  return lines.filter((line) => line.startsWith('kept ')).map((line) => line.slice(5))
}

/** Starts a compaction and kills it after some milliseconds. @returns whether it had ended before */
function compactAndKill(folder: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [COMPACTOR, folder], { stdio: 'ignore' })
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs)
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve(code === 0)
    })
  })
}

/** What a fresh reader finds: rows by call, and how many there are in the files themselves. */
async function readAll(folder: string, names: readonly string[]) {
  const log = await openPredictionLog(folder)
  const rows = new Map<string, number>()
  const labelled = new Set<string>()
  for (const endpoint of names) {
    for (const { id, label } of await log.window({ endpoint, fromMs: 0, toMs: 1e15 })) {
      const call = id.slice(0, id.indexOf('/'))
      rows.set(call, (rows.get(call) ?? 0) + 1)
      if (label === '1') labelled.add(call)
    }
  }
  await log.close()
  return { rows, labelled }
}

describe('a prediction log of several processes', () => {
  it('shows a third one everything that was acknowledged before it asked, and whole calls only', async () => {
    const folder = join(root, 'readers')
    const kept = new Set<string>()
    const writers = ['a', 'b'].map((name) => {
      const child = spawn(process.execPath, [WRITER, folder, name, String(ROWS), '60000', '600'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      child.stdout.setEncoding('utf8')
      let rest = ''
      child.stdout.on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line.startsWith('kept ')) kept.add(line.slice(5))
      })
      return new Promise<void>((resolve) => child.once('close', () => resolve()))
    })
    const writing = Promise.all(writers)
    let isOver = false
    writing.then(() => {
      isOver = true
    })
    const log = await openPredictionLog(folder)
    let looks = 0
    for (let again = true; again; looks++) {
      again = !isOver
      const before = [...kept]
      const rows = new Map<string, number>()
      for (const endpoint of ['a', 'b']) {
        for (const { id } of await log.window({ endpoint, fromMs: 0, toMs: 1e15 })) {
          const call = id.slice(0, id.indexOf('/'))
          rows.set(call, (rows.get(call) ?? 0) + 1)
        }
      }
      expect(before.filter((id) => rows.get(id) !== ROWS)).toEqual([])
      expect([...rows.values()].filter((count) => count !== ROWS)).toEqual([])
      if (looks % 3 === 1) await compactLog(folder)
    }
    await writing
    expect(kept.size).toBe(1_200)
    expect(looks).toBeGreaterThan(1)
    await log.close()
  }, 120_000)
})

describe('a prediction log whose processes are killed', () => {
  it('has every acknowledged call of two writers once, and no part of another call', async () => {
    const folder = join(root, 'writers')
    const kept: string[] = []
    const names: string[] = []
    for (let round = 0; round < 3; round++) {
      const pair = [`a${round}`, `b${round}`]
      names.push(...pair)
      const told = await Promise.all(pair.map((name) => writeAndKill(folder, name)))
      kept.push(...told.flat())
      // The journals of the killed writers were never sealed.
      if (round === 1) await compactLog(folder)
    }
    expect(kept.length).toBeGreaterThan(600)
    const before = await readAll(folder, names)
    expect(kept.filter((id) => before.rows.get(id) !== ROWS)).toEqual([])
    expect(kept.filter((id) => !before.labelled.has(id))).toEqual([])
    expect([...before.rows.values()].filter((count) => count !== ROWS)).toEqual([])
    await compactLog(folder)
    expect(readdirSync(folder).filter((name) => name.endsWith('.journal'))).toEqual([])
    expect(await readAll(folder, names)).toEqual(before)
  }, 120_000)

  it('loses and doubles nothing when compactions are killed at any moment', async () => {
    const folder = join(root, 'compactions')
    const log = await openPredictionLog(folder, { journalBytes: 20_000, compacts: false })
    const mirror = {
      ...{ endpoint: 'e', version: 2, outcome: 'compared' as const, count: 1, changed: null },
      ...{ difference: null, stableLatencyUs: null, latencyUs: null, error: null },
    }
    let written = 0
    let ended = 0
    const found = async () =>
      (await log.mirrored({ endpoint: 'e', version: 2, fromMs: 0, toMs: 1e15 })).map(({ id }) => id)
    // Rows without an identity of their own: a row that is there twice is seen twice.
    for (let round = 0; round < 14; round++) {
      const ids = Array.from({ length: 200 }, () => String(written++))
      await log.appendMirrored(ids.map((id) => ({ ...mirror, id, timeMs: Number(id) })))
      const span = 150 + Math.random() * 350
      const [isEnded, during] = await Promise.all([compactAndKill(folder, span), found()])
      if (isEnded) ended++
      const all = Array.from({ length: written }, (_, i) => String(i))
      expect(during).toEqual(all)
      expect(await found()).toEqual(all)
    }
    expect(ended).toBeLessThan(14)
    await log.close()
    expect(await compactAndKill(folder, 60_000)).toBe(true)
    const fresh = await openPredictionLog(folder)
    const range = { endpoint: 'e', version: 2, fromMs: 0, toMs: 1e15 }
    expect(await fresh.mirrored(range)).toHaveLength(written)
    await fresh.close()
    expect(readdirSync(folder).filter((name) => name.endsWith('.journal'))).toEqual([])
  }, 120_000)
})
