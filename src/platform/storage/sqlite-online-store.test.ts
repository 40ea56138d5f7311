import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { onlineStoreContract } from '../../testkit/index.ts'
import type { OnlineRow, OnlineStore } from './online-store.ts'
import { openOnlineStore } from './sqlite-online-store.ts'

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
    dispose: () => {
      for (const each of opened) each.close()
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
  it('behaves like a map of the newest rows under any sequence of calls', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), (steps) => {
        const store = openOnlineStore(':memory:')
        const model = new Map<string, OnlineRow>()
        for (const step of steps) {
          apply(model, step)
          if (step.do === 'put') store.put(step.view, step.rows)
          else store.clear(step.view)
        }
        for (const [key, expected] of model) {
          const found = store.get(key.slice(0, 1), expected.keys)
          // -0 has no word of its own in JSON.
          expect(JSON.stringify(found?.values, Object.keys(found?.values ?? {}).sort())).toBe(
            JSON.stringify(expected.values, Object.keys(expected.values).sort()),
          )
          expect(found?.eventTimeMs).toBe(expected.eventTimeMs)
        }
        const counted = store.count('v') + store.count('w')
        store.close()
        expect(counted).toBe(model.size)
      }),
      { numRuns: 150 },
    )
  })

  it('answers ten thousand look-ups well within a second', () => {
    const store = openOnlineStore(newPath())
    const rows = Array.from({ length: 10_000 }, (_, i) => ({
      keys: [`N${i}`, i % 24],
      values: { mean: i / 7, share: 0.5, top: 'DL', last: null },
      eventTimeMs: i,
    }))
    store.put('v', rows)
    const before = process.cpuUsage()
    let found = 0
    for (const { keys: key } of rows) if (store.get('v', key)) found++
    const { user, system } = process.cpuUsage(before)
    store.close()
    expect(found).toBe(10_000)
    // Time of the processor: a busy machine is no fault of the store.
    expect((user + system) / 1_000).toBeLessThan(1_000)
  })
})
