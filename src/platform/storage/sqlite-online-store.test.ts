import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { onlineStoreContract } from '../../testkit/index.ts'
import type { OnlineRow, OnlineStore } from './online-store.ts'
import { openOnlineStore } from './sqlite-online-store.ts'
import { SqliteRowReader } from './sqlite-row-reader.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-online-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let databases = 0
const newPath = () => join(root, `online-${databases++}.db`)

onlineStoreContract({ describe, it, expect }, () => {
  const path = newPath()
  const opened: OnlineStore[] = []
  const reopen = () => {
    const store = openOnlineStore(path)
    opened.push(store)
    return store
  }
  return {
    store: reopen(),
    reopen,
    dispose: async () => {
      for (const each of opened) await each.close()
    },
  }
})

const view = fc.constantFrom('v', 'w')
const keys = fc.tuple(fc.constantFrom<string | number>('a', 'b', 1), fc.integer({ min: 0, max: 2 }))
const row = fc.record({
  keys,
  values: fc.dictionary(
    fc.constantFrom('x', 'y', '__proto__x'),
    fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), fc.constant(null)),
  ),
  eventTimeMs: fc.integer({ min: 0, max: 5 }),
})
type Command =
  | { readonly do: 'put'; readonly view: string; readonly rows: readonly OnlineRow[] }
  | { readonly do: 'clear'; readonly view: string }
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('put'), view, rows: fc.array(row) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear'), view }) },
)

/** The port in ten lines: a map of the newest rows. */
function apply(model: Map<string, OnlineRow>, step: Command): void {
  if (step.do === 'clear') {
    for (const key of model.keys()) if (key.startsWith(`${step.view}:`)) model.delete(key)
    return
  }
  for (const next of step.rows) {
    const key = `${step.view}:${JSON.stringify(next.keys)}`
    const there = model.get(key)
    if (!there || next.eventTimeMs >= there.eventTimeMs) model.set(key, next)
  }
}

describe('SQLite online store', () => {
  it('behaves like a map of the newest rows under any sequence of calls', async () => {
    const store = openOnlineStore(newPath())
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (steps) => {
        for (const view of ['v', 'w']) await store.clear(view)
        const model = new Map<string, OnlineRow>()
        for (const step of steps) {
          apply(model, step)
          if (step.do === 'put') await store.put(step.view, step.rows)
          else await store.clear(step.view)
        }
        for (const [key, expected] of model) {
          const [found] = await store.read([{ view: key.slice(0, 1), keys: expected.keys }])
          // -0 has no word of its own in JSON.
          expect(JSON.stringify(found?.values, Object.keys(found?.values ?? {}).sort())).toBe(
            JSON.stringify(expected.values, Object.keys(expected.values).sort()),
          )
          expect(found?.eventTimeMs).toBe(expected.eventTimeMs)
        }
        expect((await store.count('v')) + (await store.count('w'))).toBe(model.size)
      }),
      { numRuns: 150 },
    )
    await store.close()
  })

  it('reads again after its file was broken and mended', async () => {
    const path = newPath()
    const whole = `${path}.whole`
    const writer = openOnlineStore(path)
    await writer.put('v', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }])
    await writer.close()
    copyFileSync(path, whole)
    const store = openOnlineStore(path)
    writeFileSync(path, 'no database at all, and long enough to be taken for one'.repeat(200))
    const ask = () => store.read([{ view: 'v', keys: ['a'] }])
    await expect(ask()).rejects.toMatchObject({ code: 'METADATA_CORRUPT' })
    await expect(ask()).rejects.toMatchObject({ code: 'METADATA_CORRUPT' })
    copyFileSync(whole, path)
    expect((await ask())[0]?.values).toEqual({ x: 1 })
    await store.close()
  })

  it('does not wait for one who holds the whole file', async () => {
    const path = newPath()
    const store = openOnlineStore(path)
    await store.put('v', [{ keys: ['a'], values: { x: 1 }, eventTimeMs: 1 }])
    await store.close()
    const holder = new DatabaseSync(path)
    holder.exec('PRAGMA journal_mode = DELETE')
    holder.close()
    // Opened while it is free, and held before its first read.
    const reader = new SqliteRowReader(
      path,
      'SELECT view FROM feature_rows WHERE view = ? AND keys = ?',
    )
    const other = new DatabaseSync(path)
    other.exec('BEGIN EXCLUSIVE')
    const ask = () => reader.atOneMoment((moment) => moment.row('v', '["a"]'))
    expect(ask).toThrow(expect.objectContaining({ code: 'DATABASE_BUSY' }))
    other.exec('COMMIT')
    other.close()
    expect(ask()).toMatchObject({ view: 'v' })
    reader.close()
  })
})
