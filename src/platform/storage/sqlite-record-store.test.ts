import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import type { RolloutDecision } from '../../core/records/index.ts'
import { fixedClock, recordStoreContract } from '../../testkit/index.ts'
import { MIGRATIONS } from '../database/index.ts'
import type { RecordStore } from './record-store.ts'
import { openRecordStore } from './sqlite-record-store.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-records-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let databases = 0
const newPath = () => join(root, `store-${databases++}`, 'metadata.db')

recordStoreContract({ describe, it, expect }, () => {
  const path = newPath()
  const opened: RecordStore[] = [openRecordStore(path)]
  const store = opened[0] as RecordStore
  return {
    store,
    reopen: () => {
      const again = openRecordStore(path)
      opened.push(again)
      return again
    },
    dispose: () => {
      for (const each of opened) each.close()
    },
  }
})

function decision(id: string): RolloutDecision {
  const at = '2026-01-01T00:00:00.000Z'
  return { id, endpoint: 'e', action: 'wait', version: 1, percent: 0, reasons: [], at }
}

describe('SQLite record store', () => {
  it('stamps records by the injected clock', () => {
    const clock = fixedClock(1_000)
    const store = openRecordStore(newPath(), { clock })
    store.put('rollout-decision', 'a', decision('a'))
    clock.advance(500)
    store.put('rollout-decision', 'b', decision('b'))
    const stamps = store.list('rollout-decision').map((stored) => [stored.id, stored.createdAtMs])
    expect(stamps).toEqual([
      ['b', 1_500],
      ['a', 1_000],
    ])
    store.close()
  })

  it('lets nobody change or delete records and history, not even with SQL', () => {
    const path = newPath()
    const store = openRecordStore(path)
    store.put('rollout-decision', 'a', decision('a'))
    store.appendEnvironmentChange({
      id: 'c',
      model: 'm',
      environment: 'staging',
      version: 1,
      previous: null,
      action: 'promote',
      by: 'ana',
      reason: 'r',
      at: '2026-01-01T00:00:00.000Z',
    })
    const database = new DatabaseSync(path)
    for (const table of ['records', 'environment_changes']) {
      expect(() => database.exec(`UPDATE ${table} SET json = '{}'`)).toThrow(/never changed/)
      expect(() => database.exec(`DELETE FROM ${table}`)).toThrow(/never deleted/)
    }
    database.close()
    expect(store.get('rollout-decision', 'a')).toEqual(decision('a'))
    store.close()
  })

  it('says which stored record no longer fits the schema', () => {
    const path = newPath()
    const store = openRecordStore(path)
    const database = new DatabaseSync(path)
    database.exec(
      `INSERT INTO records (kind, id, digest, json, created_at_ms) VALUES ('rollout-decision', 'x', '', '{"id":"x"}', 0)`,
    )
    database.close()
    expect(() => store.get('rollout-decision', 'x')).toThrow(/stored rollout-decision "x"/)
    store.close()
  })

  it('refuses a database of a newer version and leaves it alone', () => {
    const path = newPath()
    openRecordStore(path).close()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    const before = readFileSync(path)
    expect(() => openRecordStore(path)).toThrow(
      expect.objectContaining({
        code: 'METADATA_TOO_NEW',
        details: { path, found: 99, known: MIGRATIONS.length },
      }),
    )
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('names a way out of a damaged database', () => {
    const path = newPath()
    openRecordStore(path).close()
    writeFileSync(path, 'this is no database, only some text that somebody saved here by mistake')
    expect(() => openRecordStore(path)).toThrow(
      expect.objectContaining({
        code: 'METADATA_CORRUPT',
        hint: expect.stringContaining('backup'),
      }),
    )
  })

  it('notices a database that was cut off', () => {
    const path = newPath()
    const store = openRecordStore(path)
    for (let i = 0; i < 500; i++) store.put('rollout-decision', `d${i}`, decision(`d${i}`))
    store.close()
    expect(existsSync(`${path}-wal`)).toBe(false)
    truncateSync(path, 3 * 4096)
    const read = () => {
      const again = openRecordStore(path)
      try {
        again.list('rollout-decision')
      } finally {
        again.close()
      }
    }
    expect(read).toThrow(expect.objectContaining({ code: 'METADATA_CORRUPT' }))
  })
})
