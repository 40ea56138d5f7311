import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RolloutDecision } from '../../core/records/index.ts'
import {
  createTestDatabase,
  DIALECTS,
  fixedClock,
  recordStoreContract,
  type TestDatabase,
} from '../../testkit/index.ts'
import { MIGRATIONS, openDatabase } from '../database/index.ts'
import { openRecordStore } from './database-record-store.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-records-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let databases = 0
const newPath = () => join(root, `store-${databases++}`, 'metadata.db')
const project = 'flight-delays'

function decision(id: string): RolloutDecision {
  const at = '2026-01-01T00:00:00.000Z'
  return { id, endpoint: 'e', action: 'wait', version: 1, percent: 0, reasons: [], at }
}

describe.each(DIALECTS)('record store on %s', (dialect) => {
  recordStoreContract({ describe, it, expect }, async () => {
    const scene = await createTestDatabase(dialect)
    return {
      store: openRecordStore(await scene.open(), { project }),
      reopen: async (other = project) => openRecordStore(await scene.open(), { project: other }),
      dispose: () => scene.dispose(),
    }
  })

  let scene: TestDatabase
  beforeEach(async () => {
    scene = await createTestDatabase(dialect)
  })
  afterEach(() => scene.dispose())

  it('stamps records by the injected clock', async () => {
    const clock = fixedClock(1_000)
    const store = openRecordStore(await scene.open(), { project, clock })
    await store.put('rollout-decision', 'a', decision('a'))
    clock.advance(500)
    await store.put('rollout-decision', 'b', decision('b'))
    const listed = await store.list('rollout-decision')
    expect(listed.map((stored) => [stored.id, stored.createdAtMs])).toEqual([
      ['b', 1_500],
      ['a', 1_000],
    ])
  })

  it('lets nobody change or delete records and history, not even with SQL', async () => {
    const database = await scene.open()
    const store = openRecordStore(database, { project })
    await store.put('rollout-decision', 'a', decision('a'))
    await database.queries
      .insertInto('environment_changes')
      .values({ project, id: 'c', model: 'm', environment: 'staging', json: '{}' })
      .execute()
    for (const table of ['records', 'environment_changes']) {
      const change = sql`UPDATE ${sql.table(table)} SET json = '{}'`.execute(database.queries)
      await expect(change).rejects.toThrow(/never changed/)
      const removal = sql`DELETE FROM ${sql.table(table)}`.execute(database.queries)
      await expect(removal).rejects.toThrow(/never changed/)
    }
    expect(await store.get('rollout-decision', 'a')).toEqual(decision('a'))
  })

  it('says which stored record no longer fits the schema', async () => {
    const database = await scene.open()
    const row = { kind: 'rollout-decision', id: 'x', digest: '', json: '{"id":"x"}' }
    await database.queries
      .insertInto('records')
      .values({ project, created_at_ms: 0, ...row })
      .execute()
    const store = openRecordStore(database, { project })
    await expect(store.get('rollout-decision', 'x')).rejects.toThrow(/stored rollout-decision "x"/)
  })

  it('takes hostile texts as texts', async () => {
    const store = openRecordStore(await scene.open(), { project: `p'; DROP TABLE states; --` })
    const name = `endpoint/"' OR 1=1; -- \u{1f600}`
    expect(await store.writeState(name, { text: '\u0000 \\u0000 \ud800' }, 0)).toBe(1)
    expect((await store.readState(name)).revision).toBe(1)
    expect(await store.get('run', `' OR '1'='1`)).toBeUndefined()
  })
})

describe('record store of a 0.1.0 file', () => {
  it('has everything that its project wrote, and goes on counting', async () => {
    const path = newPath()
    const first = await openDatabase({ url: path })
    await first.close()
    rmSync(path)
    const old = new DatabaseSync(path)
    old.exec(MIGRATIONS[0]?.sqlite ?? '')
    old.exec('PRAGMA user_version = 1')
    const json = JSON.stringify(decision('a'))
    old.exec(`
      INSERT INTO records (kind, id, digest, json, created_at_ms) VALUES
        ('rollout-decision', 'a', 'x', '${json}', 17),
        ('belt-run', 'b', 'x', '{"project":"an-earlier-name"}', 18),
        ('belt-run', 'c', 'x', '{"project":"${project}"}', 19);
      INSERT INTO states VALUES ('endpoint/e', 4, '{"stable":2}');
      INSERT INTO steps VALUES ('${'a'.repeat(64)}', '${JSON.stringify({
        key: 'a'.repeat(64),
        stage: 'training',
        name: 'fit',
        output: 1,
        durationMs: 1,
        finishedAt: '2026-01-01T00:00:00.000Z',
      })}');
      INSERT INTO model_versions VALUES ('m', 1, 'v_a'), ('m', 2, 'v_b');
      INSERT INTO environment_changes (id, model, environment, json) VALUES ('c', 'm', 'staging', '${JSON.stringify(
        {
          id: 'c',
          model: 'm',
          environment: 'staging',
          version: 1,
          previous: null,
          action: 'promote',
          by: 'ana',
          reason: 'r',
          at: '2026-01-01T00:00:00.000Z',
        },
      )}');`)
    old.close()
    const database = await openDatabase({ url: path })
    const store = openRecordStore(database, { project })
    expect(await store.list('rollout-decision')).toEqual([
      { id: 'a', createdAtMs: 17, record: decision('a') },
    ])
    expect(await store.readState('endpoint/e')).toEqual({ revision: 4, value: { stable: 2 } })
    expect((await store.findStep('a'.repeat(64)))?.name).toBe('fit')
    expect(await store.writeState('endpoint/e', {}, 4)).toBe(5)
    const stranger = openRecordStore(database, { project: 'another' })
    expect(await stranger.list('rollout-decision')).toEqual([])
    const removal = database.queries.deleteFrom('records').execute()
    await expect(removal).rejects.toThrow(/never changed/)
    await database.close()
  })
})

describe('record store in a file', () => {
  const opening = (url: string) => openDatabase({ url })

  it('refuses a database of a newer version and leaves it alone', async () => {
    const path = newPath()
    await (await opening(path)).close()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    const before = readFileSync(path)
    await expect(opening(path)).rejects.toMatchObject({
      code: 'METADATA_TOO_NEW',
      details: { path, found: 99, known: MIGRATIONS.length },
    })
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('names a way out of a damaged database', async () => {
    const path = newPath()
    await (await opening(path)).close()
    writeFileSync(path, 'this is no database, only some text that somebody saved here by mistake')
    await expect(opening(path)).rejects.toMatchObject({
      code: 'METADATA_CORRUPT',
      hint: expect.stringContaining('backup'),
    })
  })

  it('notices a database that was cut off', async () => {
    const path = newPath()
    const database = await opening(path)
    const store = openRecordStore(database, { project })
    await store.transaction(async (inner) => {
      for (let i = 0; i < 500; i++) await inner.put('rollout-decision', `d${i}`, decision(`d${i}`))
    })
    await database.close()
    expect(existsSync(`${path}-wal`)).toBe(false)
    truncateSync(path, 3 * 4096)
    const read = async () => {
      const again = await opening(path)
      try {
        await openRecordStore(again, { project }).list('rollout-decision')
      } finally {
        await again.close()
      }
    }
    await expect(read).rejects.toMatchObject({ code: 'METADATA_CORRUPT' })
  })
})
