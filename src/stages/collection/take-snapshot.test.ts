import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectSchema, type Snapshot, snapshotSchema } from '../../core/records/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { sourceOrder } from './source-order.ts'
import { takeSnapshot } from './take-snapshot.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-snapshot-'))
let engine: TableEngine
let artifacts: ArtifactStore

beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: join(folder, 'duckdb') })
  artifacts = openArtifactStore(join(folder, 'artifacts'))
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

function sourceOf(written: object) {
  const parse = projectSchema.shape.sources.valueType
  return parse.parse({ kind: 'parquet', path: 'x.parquet', ...written })
}

interface Options {
  readonly asOf?: string
  readonly references?: Record<string, Snapshot>
  readonly name?: string
}

async function snap(sql: string, written: object, options: Options = {}): Promise<Snapshot> {
  const path = join(folder, 'raw.parquet')
  const rows = await engine.writeParquet(sql, path)
  const table = await artifacts.putFile(path, { name: 'raw.parquet' })
  const { name = 'rows', references = {}, asOf } = options
  const snapshot = await takeSnapshot({
    name,
    source: sourceOf(written),
    raw: { table, rows, origin: 'x.parquet' },
    asOfMs: asOf === undefined ? null : Date.parse(asOf),
    references,
    engine,
    artifacts,
    clock: { now: () => Date.parse('2013-06-01T00:00:00Z') },
  })
  expect(snapshotSchema.parse(snapshot)).toEqual(snapshot)
  return snapshot
}

function read(digest: string | undefined) {
  return engine.query(`SELECT * FROM read_parquet('${artifacts.pathOf(digest ?? '')}')`)
}

const FIVE = `SELECT * FROM (VALUES (1, 'a', 0.5), (2, 'b', NULL), (3, NULL, 'inf'::DOUBLE), (3, 'd', -4), (5, 'zz', 9))
  t(id, name, x)`

describe('expectations', () => {
  it('keep the fetched file itself when every row holds', async () => {
    const expectations = [{ expect: 'not-null', column: 'id' }]
    const snapshot = await snap(FIVE, { expectations })
    expect(snapshot.rows).toBe(5)
    expect(snapshot.quarantined).toEqual({ rows: 0, table: null })
    expect(snapshot.expectations).toMatchObject([{ name: 'not-null id', passed: true }])
    expect(await read(snapshot.table.digest)).toHaveLength(5)
  })

  it.each([
    [{ expect: 'not-null', column: 'name' }, [3]],
    [{ expect: 'unique', columns: ['id'] }, [3, 3]],
    [{ expect: 'range', column: 'x', min: 0, max: 5 }, [3, 3, 5]],
    [{ expect: 'one-of', column: 'name', values: ['a', 'b', 'd'] }, [5]],
    [{ expect: 'one-of', column: 'id', values: [1, 2, 5] }, [3, 3]],
    [{ expect: 'pattern', column: 'name', pattern: '[a-z]' }, [5]],
    [{ expect: 'type', column: 'x', type: 'integer' }, [1, 3]],
    [{ expect: 'type', column: 'name', type: 'number' }, [1, 2, 3, 5]],
    [{ expect: 'type', column: 'x', type: 'number' }, []],
    [{ expect: 'reference', column: 'id', source: 'rows', sourceColumn: 'x' }, [1, 2, 3, 3, 5]],
  ])('set rows aside that break %o', async (rule, broken) => {
    const snapshot = await snap(FIVE, { expectations: [rule], tolerance: 1 })
    const rows = snapshot.quarantined.table ? await read(snapshot.quarantined.table.digest) : []
    expect(rows.map((row) => row.id)).toEqual(broken)
    for (const row of rows) expect(row.__broken).toEqual([snapshot.expectations[0]?.name])
    expect(snapshot.rows + snapshot.quarantined.rows).toBe(5)
    const kept = await read(snapshot.table.digest)
    expect(kept).toHaveLength(snapshot.rows)
    expect(Object.keys(kept[0] ?? {})).not.toContain('__broken')
  })

  it('name every rule that a row breaks', async () => {
    const expectations = [
      { expect: 'unique', columns: ['id'], name: 'one row each' },
      { expect: 'range', column: 'x', max: 5 },
    ]
    const snapshot = await snap(FIVE, { expectations, tolerance: 0.6 })
    const rows = await read(snapshot.quarantined.table?.digest)
    expect(rows.map((row) => row.__broken)).toEqual([
      ['one row each', 'range x'],
      ['one row each'],
      ['range x'],
    ])
  })

  it('stop the belt beyond the tolerance, with rules, counts and the file', async () => {
    const expectations = [{ expect: 'range', column: 'x', max: 5 }]
    const error: unknown = await snap(FIVE, { expectations, tolerance: 0.39 }).catch(
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({
      code: 'COLLECTION_TOLERANCE_EXCEEDED',
      exit: 'data',
      details: { quarantined: 2, rows: 5, rules: ['range x: 2'] },
    })
    expect((await snap(FIVE, { expectations, tolerance: 0.4 })).rows).toBe(3)
  })

  it('compare with other sources, which come first in order', async () => {
    const names = await snap("SELECT unnest(['a', 'b', NULL]) AS code", {}, { name: 'names' })
    const rule = { expect: 'reference', column: 'name', source: 'names', sourceColumn: 'code' }
    const written = { expectations: [rule], tolerance: 1 }
    const snapshot = await snap(FIVE, written, { references: { names } })
    expect(snapshot.quarantined.rows).toBe(2)
    expect(sourceOrder({ rows: sourceOf(written), names: sourceOf({}) })).toEqual(['names', 'rows'])
    await expect(snap(FIVE, written)).rejects.toMatchObject({
      code: 'EXPECTATION_SOURCE_NOT_FOUND',
    })
    const back = { expect: 'reference', column: 'code', source: 'rows', sourceColumn: 'name' }
    expect(() =>
      sourceOrder({ rows: sourceOf(written), names: sourceOf({ expectations: [back] }) }),
    ).toThrow('rows → names → rows')
  })

  it('stop the belt when the whole table breaks a rule, whatever the tolerance', async () => {
    const few = { expectations: [{ expect: 'row-count', min: 6 }], tolerance: 1 }
    await expect(snap(FIVE, few)).rejects.toMatchObject({
      code: 'EXPECTATION_BROKEN',
      details: { observed: '5 rows', expected: '6 … ∞ rows' },
    })
    const days = "SELECT DATE '2013-05-01' AS day"
    const fresh = (maxAge: string) => ({
      expectations: [{ expect: 'freshness', column: 'day', maxAge }],
    })
    expect((await snap(days, fresh('31d'))).expectations[0]?.passed).toBe(true)
    await expect(snap(days, fresh('30d'))).rejects.toMatchObject({ code: 'EXPECTATION_BROKEN' })
    const asOf = '2013-05-20T00:00:00Z'
    expect((await snap(days, fresh('30d'), { asOf })).rows).toBe(1)
  })

  it('say which column has vanished, and what was meant', async () => {
    await expect(
      snap(FIVE, { expectations: [{ expect: 'not-null', column: 'nane' }] }),
    ).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND', hint: 'Did you mean "name"?' })
    await expect(snap(FIVE, { knownAt: 'seen' })).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
      details: { column: 'seen', where: 'source "rows", knownAt' },
    })
  })

  it('refuse an empty table, unless it may be empty', async () => {
    const none = `${FIVE} WHERE false`
    await expect(snap(none, {})).rejects.toMatchObject({ code: 'SNAPSHOT_EMPTY' })
    const expectations = [{ expect: 'row-count', min: 0 }]
    const snapshot = await snap(none, { expectations })
    expect(snapshot).toMatchObject({
      rows: 0,
      columns: [{ name: 'id', nulls: 0, distinct: 0 }, {}, {}],
    })
  })

  it('say when a rule cannot be judged', async () => {
    const expectations = [{ expect: 'pattern', column: 'name', pattern: '[' }]
    await expect(snap(FIVE, { expectations })).rejects.toMatchObject({
      code: 'EXPECTATION_INVALID',
    })
  })
})

describe('data horizon', () => {
  const known = `SELECT i, CASE WHEN i <> 3 THEN TIMESTAMP '2013-01-01' + INTERVAL (i) HOURS END AS seen,
    strftime(TIMESTAMP '2013-01-01' + INTERVAL (i) HOURS, '%Y-%m-%dT%H:%M:%SZ') AS told,
    (TIMESTAMP '2013-01-01' + INTERVAL (i) HOURS) AT TIME ZONE 'America/New_York' AS zoned FROM range(6) t(i)`

  it('hides what was known at or after it, and what nobody knows', async () => {
    const snapshot = await snap(known, { knownAt: 'seen' }, { asOf: '2013-01-01T05:00:00Z' })
    const rows = await read(snapshot.table.digest)
    expect(rows.map((row) => row.i)).toEqual([0, 1, 2, 4])
    expect(snapshot.newestKnownAt).toBe('2013-01-01T04:00:00.000Z')
    expect(snapshot.asOf).toBe('2013-01-01T05:00:00.000Z')
  })

  it('reads texts and zoned times as instants', async () => {
    const text = await snap(known, { knownAt: 'told' }, { asOf: '2013-01-01T02:00:00Z' })
    expect(text.rows).toBe(2)
    const zoned = await snap(known, { knownAt: 'zoned' }, { asOf: '2013-01-01T07:00:00Z' })
    expect(zoned.rows).toBe(2)
    const [first] = await read(zoned.table.digest)
    expect(first?.zoned).toBe('2013-01-01T05:00:00.000Z')
    expect(zoned.columns.at(-1)?.type).toBe('TIMESTAMP')
  })

  it('gives the same snapshot again for the same rows', async () => {
    const again = () => snap(known, { knownAt: 'seen' }, { asOf: '2013-01-01T05:00:00Z' })
    expect(await again()).toEqual(await again())
  })
})

describe('profile', () => {
  // numpy: x = [1, 2, 4, 8]; np.mean(x), np.std(x, ddof=1), np.quantile(x, [.25, .5, .75])
  it('describes finite numbers exactly, and leaves infinities and NaN out of the moments', async () => {
    const sql = `SELECT unnest([1, 2, 4, 8, 'inf'::DOUBLE, 'nan'::DOUBLE, NULL]) AS x`
    const [column] = (await snap(sql, {})).columns
    expect(column).toMatchObject({
      nulls: 2,
      distinct: 5,
      min: 1,
      max: 8,
      mean: 3.75,
      standardDeviation: 3.09569594,
      quartiles: [1.75, 3, 5],
    })
  })

  it('counts texts, days and booleans, the most frequent first', async () => {
    const sql = `SELECT unnest(['b', 'a', 'b', NULL]) AS t, unnest([true, true, false, NULL]) AS b,
      unnest([DATE '2013-01-02', DATE '2013-01-01', NULL, NULL]) AS d`
    const columns = (await snap(sql, {})).columns
    expect(columns).toMatchObject([
      {
        nulls: 1,
        distinct: 2,
        min: 'a',
        max: 'b',
        mean: null,
        top: [{ value: 'b', count: 2 }, {}],
      },
      {
        top: [
          { value: 'true', count: 2 },
          { value: 'false', count: 1 },
        ],
      },
      { nulls: 2, min: '2013-01-01T00:00:00.000Z', max: '2013-01-02T00:00:00.000Z' },
    ])
  })

  it('describes a column of many values as it describes one of few', async () => {
    // The same numbers, once few of them and once each a little apart.
    const few = 'SELECT (i % 1000) / 1.0 AS x FROM range(100000) t(i)'
    const many = 'SELECT (i % 1000) + i / 1e12 AS x FROM range(100000) t(i)'
    const [one] = (await snap(few, {})).columns
    const [other] = (await snap(many, {})).columns
    expect([one?.distinct, other?.distinct]).toEqual([1_000, 100_000])
    expect([one?.top.length, other?.top.length]).toEqual([10, 0])
    for (const fact of ['mean', 'standardDeviation', 'min', 'max'] as const) {
      expect(Number(other?.[fact])).toBeCloseTo(Number(one?.[fact]), 5)
    }
    for (const [q, value] of (one?.quartiles ?? []).entries()) {
      expect(other?.quartiles?.[q]).toBeCloseTo(value, 5)
    }
  })

  it('survives numbers whose squares overflow', async () => {
    const [column] = (await snap('SELECT unnest([1e300, -1e300]) AS x', {})).columns
    expect(column).toMatchObject({ min: -1e300, max: 1e300, standardDeviation: null })
  })

  it('keeps no value of a column with personal data', async () => {
    const [id, name] = (await snap(FIVE, { personalData: ['name'] })).columns
    expect(name).toMatchObject({ distinct: 4, min: null, max: null, top: [] })
    expect(id?.top).not.toEqual([])
  })
})
