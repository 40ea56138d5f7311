import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextRound } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { OnlineRow } from './online-store.ts'
import { SqliteOnlineReader } from './sqlite-online-reader.ts'
import { openOnlineStore } from './sqlite-online-store.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-online-reader-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let databases = 0
const newPath = () => join(root, `online-${databases++}.db`)

const asked = (...keys: string[]) => keys.map((key) => ({ view: 'v', keys: [key] }))
const at = (key: string, x: number) => ({ keys: [key], values: { x }, eventTimeMs: x })
const xs = (rows: readonly (OnlineRow | undefined)[]) => rows.map((row) => row?.values.x)

/** Another process that writes both rows again and again, always as a pair. */
const PAIRS = `
  const { openOnlineStore } = await import(process.argv[1])
  const store = openOnlineStore(process.argv[2])
  for (let x = 1; x <= 400; x++) {
    const row = (key) => ({ keys: [key], values: { x }, eventTimeMs: x })
    await store.put('v', [row('a'), row('b')])
    await new Promise((resolve) => setTimeout(resolve, x % 3))
  }
  await store.close()`

function writesPairs(path: string) {
  const module = new URL('./sqlite-online-store.ts', import.meta.url).href
  const args = ['--input-type=module', '-e', PAIRS, module, path]
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

const BOUNDS = { mostRows: 4, mostBytes: 1_200 }

interface Step {
  readonly writer: 0 | 1
  readonly does: 'put' | 'clear' | 'nothing'
  readonly keys: readonly string[]
  readonly reads: readonly (readonly string[])[]
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const step: fc.Arbitrary<Step> = fc.record({
  writer: fc.constantFrom(0, 1),
  does: fc.constantFrom('put', 'put', 'clear', 'nothing', 'nothing'),
  keys: fc.array(key, { maxLength: 4 }),
  reads: fc.array(fc.array(key, { maxLength: 5 }), { maxLength: 4 }),
})

describe('the reading side of a SQLite online store', () => {
  it('reads a row from the file once, until somebody commits', async () => {
    const path = newPath()
    const writer = openOnlineStore(path)
    await writer.put('v', [at('a', 1)])
    const reader = new SqliteOnlineReader(path)
    const [first] = reader.read(asked('a'))
    await nextRound()
    const [again, absent] = reader.read(asked('a', 'gone'))
    expect(again?.values).toBe(first?.values)
    expect([absent, reader.kept.rows]).toEqual([undefined, 2])
    await writer.put('other', [at('a', 1)])
    await nextRound()
    const [anew] = reader.read(asked('a'))
    expect([anew?.values === first?.values, anew?.values]).toEqual([false, { x: 1 }])
    expect(reader.kept.rows).toBe(1)
    reader.close()
    await writer.close()
  })

  it('sees the row that was not there once it is, and the removed one no more', async () => {
    const path = newPath()
    const writer = openOnlineStore(path)
    const reader = new SqliteOnlineReader(path)
    const read = async () => {
      await nextRound()
      return xs(reader.read(asked('a')))
    }
    expect(await read()).toEqual([undefined])
    await writer.put('v', [at('a', 1)])
    expect(await read()).toEqual([1])
    await writer.clear('v')
    expect(await read()).toEqual([undefined])
    reader.close()
    await writer.close()
  })

  it('does not show what is not committed, nor what was rolled back', async () => {
    const path = newPath()
    const writer = openOnlineStore(path)
    await writer.put('v', [at('a', 1)])
    const reader = new SqliteOnlineReader(path)
    const other = new DatabaseSync(path)
    const seen: unknown[] = []
    for (const sql of ['SELECT 1', 'BEGIN; DELETE FROM feature_rows', 'ROLLBACK']) {
      other.exec(sql)
      await nextRound()
      seen.push(...xs(reader.read(asked('a'))))
    }
    expect(seen).toEqual([1, 1, 1])
    other.close()
    reader.close()
    await writer.close()
  })

  it('asks again in a turn that does not end', async () => {
    const path = newPath()
    const writer = openOnlineStore(path)
    await writer.put('v', [at('a', 1)])
    const reader = new SqliteOnlineReader(path)
    expect(xs(reader.read(asked('a')))).toEqual([1])
    await writer.put('v', [at('a', 2)])
    let reads = 0
    while (reads < 1_000 && xs(reader.read(asked('a')))[0] === 1) reads++
    expect(reads).toBeLessThanOrEqual(64)
    reader.close()
    await writer.close()
  })

  it('gives the rows of one moment while another process writes, whichever are kept', async () => {
    const path = newPath()
    const store = openOnlineStore(path)
    await store.put('v', [at('a', 0), at('b', 0)])
    const reader = new SqliteOnlineReader(path)
    const child = writesPairs(path)
    const over = once(child, 'exit')
    const seen: number[] = []
    for (let i = 0; child.exitCode === null; i++) {
      // One of the two is often kept alone, and in the same turn as the pair is asked for.
      reader.read(asked(i % 2 === 0 ? 'a' : 'b'))
      const [a, b] = xs(reader.read(asked('a', 'b'))) as [number, number]
      expect(a).toBe(b)
      seen.push(a)
      if (i % 4 === 0) await nextRound()
    }
    expect(await over).toEqual([0, null])
    await nextRound()
    expect(xs(reader.read(asked('a', 'b')))).toEqual([400, 400])
    expect(seen).toEqual(seen.toSorted((one, other) => one - other))
    expect(new Set(seen).size).toBeGreaterThan(20)
    reader.close()
    await store.close()
  }, 60_000)

  it('is a plain map to its readers, whoever writes and however little is kept', async () => {
    const path = newPath()
    const writers = [openOnlineStore(path), openOnlineStore(path)] as const
    const reader = new SqliteOnlineReader(path, BOUNDS)
    let [model, x] = [new Map<string, number>(), 0]
    const act = async ({ writer, does, keys }: Step) => {
      x++
      const rows = keys.map((each) => at(each, x))
      if (does === 'put') {
        await writers[writer].put('v', rows)
        model = new Map([...model, ...keys.map((each) => [each, x] as const)])
      }
      if (does === 'clear') {
        await writers[writer].clear('v')
        model = new Map()
      }
    }
    const take = async (each: Step) => {
      await act(each)
      const expected = each.reads.map((keys) => keys.map((key) => model.get(key)))
      // A store sees its own writes at once; others see them from the next round on.
      const own = each.reads.map((keys) => writers[each.writer].read(asked(...keys)))
      expect((await Promise.all(own)).map(xs)).toEqual(expected)
      if (each.does !== 'nothing') await nextRound()
      expect(each.reads.map((keys) => xs(reader.read(asked(...keys))))).toEqual(expected)
      expect(reader.kept.rows).toBeLessThanOrEqual(BOUNDS.mostRows)
      expect(reader.kept.bytes).toBeLessThanOrEqual(BOUNDS.mostBytes)
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        for (const each of steps) await take(each)
      }),
      { numRuns: 200 },
    )
    reader.close()
    for (const store of writers) await store.close()
  })

  it('drops everything when the file fails, and has the mended file’s rows afterwards', async () => {
    const [path, mended] = [newPath(), newPath()]
    for (const [where, x] of [
      [path, 1],
      [mended, 2],
    ] as const) {
      const writer = openOnlineStore(where)
      await writer.put('v', [at('a', x)])
      await writer.close()
    }
    const holder = new DatabaseSync(path)
    holder.exec('PRAGMA journal_mode = DELETE')
    holder.close()
    const reader = new SqliteOnlineReader(path)
    expect(xs(reader.read(asked('a')))).toEqual([1])
    writeFileSync(path, 'no database at all, and long enough to be taken for one'.repeat(200))
    await nextRound()
    const failing = expect.objectContaining({ code: 'METADATA_CORRUPT' })
    for (let i = 0; i < 3; i++) expect(() => reader.read(asked('a'))).toThrow(failing)
    copyFileSync(mended, path)
    expect(xs(reader.read(asked('a')))).toEqual([2])
    reader.close()
  })

  it('fails in the turn in which the file failed, also for what it had kept', async () => {
    const path = newPath()
    const writer = openOnlineStore(path)
    await writer.put('v', [at('a', 1)])
    const reader = new SqliteOnlineReader(path)
    expect(xs(reader.read(asked('a')))).toEqual([1])
    const other = new DatabaseSync(path)
    other.exec('ALTER TABLE feature_rows RENAME TO away')
    const failing = expect.objectContaining({ code: 'DATABASE_FAILED' })
    expect(() => reader.read(asked('b'))).toThrow(failing)
    expect(() => reader.read(asked('a'))).toThrow(failing)
    other.exec('ALTER TABLE away RENAME TO feature_rows')
    other.close()
    expect(xs(reader.read(asked('a', 'b')))).toEqual([1, undefined])
    reader.close()
    await writer.close()
  })

  it('reads another file in its place after it was opened anew', async () => {
    const [path, next] = [newPath(), newPath()]
    for (const [where, x] of [
      [path, 1],
      [next, 2],
    ] as const) {
      const writer = openOnlineStore(where)
      await writer.put('v', [at('a', x)])
      await writer.close()
    }
    const before = new SqliteOnlineReader(path)
    expect(xs(before.read(asked('a')))).toEqual([1])
    before.close()
    renameSync(next, path)
    const after = new SqliteOnlineReader(path)
    expect(xs(after.read(asked('a')))).toEqual([2])
    after.close()
    expect(() => after.read(asked('a'))).toThrow(
      expect.objectContaining({ code: 'DATABASE_FAILED' }),
    )
  })

  it('takes a refused key for no failure of the file', async () => {
    const path = newPath()
    const writer = openOnlineStore(path)
    await writer.put('v', [at('a', 1)])
    const reader = new SqliteOnlineReader(path)
    const [kept] = reader.read(asked('a'))
    for (let i = 0; i < 2; i++) {
      expect(() => reader.read([{ view: 'v', keys: [Number.NaN] }])).toThrow(
        expect.objectContaining({ code: 'ENTRY_INVALID' }),
      )
      await nextRound()
    }
    expect(reader.read(asked('a'))[0]?.values).toBe(kept?.values)
    reader.close()
    await writer.close()
  })
})
