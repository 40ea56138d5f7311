import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { compactLog } from './compact-log.ts'
import { openPredictionLog } from './open-prediction-log.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-log-old-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The tables as the version before had them. */
const TABLES = `
PRAGMA journal_mode = WAL;
CREATE TABLE predictions (id TEXT PRIMARY KEY, endpoint TEXT NOT NULL, version INTEGER NOT NULL,
  role TEXT NOT NULL, time_ms REAL NOT NULL, inputs TEXT NOT NULL, output TEXT NOT NULL,
  decision INTEGER, latency_us REAL NOT NULL, flags TEXT NOT NULL) STRICT;
CREATE TABLE labels (id TEXT NOT NULL, time_ms REAL NOT NULL, label TEXT NOT NULL,
  PRIMARY KEY (id, time_ms)) STRICT, WITHOUT ROWID;
CREATE TABLE exposures (test TEXT NOT NULL, key TEXT NOT NULL, endpoint TEXT NOT NULL,
  arm TEXT NOT NULL, version INTEGER NOT NULL, prediction TEXT NOT NULL, time_ms REAL NOT NULL,
  PRIMARY KEY (test, key)) STRICT, WITHOUT ROWID;
CREATE TABLE mirrored (endpoint TEXT NOT NULL, version INTEGER NOT NULL, id TEXT NOT NULL,
  time_ms REAL NOT NULL, outcome TEXT NOT NULL, count INTEGER NOT NULL, difference REAL,
  changed INTEGER, stable_latency_us REAL, latency_us REAL, error TEXT) STRICT;
INSERT INTO predictions VALUES
  ('b', 'e', 1, 'stable', 2.0, '{"x":null}', '[0.25,0.75]', 1, 81.5, '["unseen:x"]'),
  ('a', 'e', 2, 'treatment', 1.0, '{}', '[-3.5]', NULL, 7.0, '[]');
INSERT INTO labels VALUES ('a', 5.0, '0'), ('a', 6.0, '1');
INSERT INTO exposures VALUES ('t', 'ana', 'e', 'treatment', 2, 'a', 1.0);
INSERT INTO mirrored VALUES ('e', 2, 'b', 2.0, 'compared', 1, 0.5, 0, 80.0, 90.0, NULL);
`

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(root, 'data-')), 'predictions')
  const database = new DatabaseSync(`${folder}.db`)
  database.exec(TABLES)
  database.close()
})

async function expectRows(): Promise<void> {
  const log = await openPredictionLog(folder)
  const range = { endpoint: 'e', fromMs: 0, toMs: 10 }
  const a = { id: 'a', endpoint: 'e', version: 2, role: 'treatment', timeMs: 1, inputs: {} }
  const more = { output: [-3.5], decision: null, latencyUs: 7, flags: [], label: '1' }
  const b = { id: 'b', version: 1, inputs: { x: null }, output: [0.25, 0.75], decision: true }
  expect(await log.window(range)).toMatchObject([
    { ...a, ...more },
    { ...b, label: null },
  ])
  expect((await log.window({ ...range, labelsKnownByMs: 5 }))[0]?.label).toBe('0')
  expect(await log.exposed({ test: 't', toMs: 9 })).toMatchObject([
    { exposure: { key: 'ana', arm: 'treatment', prediction: 'a', timeMs: 1 } },
  ])
  expect(await log.mirrored({ ...range, version: 2 })).toMatchObject([
    { id: 'b', outcome: 'compared', difference: 0.5, changed: false, error: null },
  ])
  await log.close()
}

describe('a log of an older version', () => {
  it('is moved into the new one at the first opening, by one of those that open it', async () => {
    const logs = await Promise.all([1, 2, 3].map(() => openPredictionLog(folder)))
    await Promise.all(logs.map((log) => log.close()))
    expect([existsSync(`${folder}.db`), existsSync(`${folder}.db.moved`)]).toEqual([false, true])
    await expectRows()
    await compactLog(folder)
    await expectRows()
  })

  it('is moved once when whoever moved it was killed before the last step', async () => {
    for (const between of [() => Promise.resolve(undefined), () => compactLog(folder)]) {
      await expectRows()
      await between()
      // As if the old file had not been put away yet.
      const database = new DatabaseSync(`${folder}.db`)
      database.exec(TABLES)
      database.close()
    }
    await expectRows()
    expect(existsSync(`${folder}.db`)).toBe(false)
  })
})
