import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTableEngine } from './open-table-engine.ts'
import { quoteIdentifier, quoteLiteral } from './sql-text.ts'
import type { TableEngine } from './table-engine.ts'

const root = mkdtempSync(join(tmpdir(), 'esteira-tables-'))
let engine: TableEngine
beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: join(root, 'spill') })
})
afterAll(async () => {
  await engine.close()
  rmSync(root, { recursive: true, force: true })
})

describe('DuckDB table engine', () => {
  it('gives plain numbers and ISO times', async () => {
    const rows = await engine.query(`SELECT 9007199254740991::BIGINT AS big, 170::HUGEINT AS huge,
      2.50::DECIMAL(10, 2) AS price, sum(3) AS total, TIMESTAMP '2013-01-01 10:00:00' AS at,
      TIMESTAMPTZ '2013-01-01 10:00:00.123456+02' AS zoned, DATE '2013-02-03' AS day,
      TIMESTAMP '1969-12-31 23:59:59.5' AS before, 'infinity'::TIMESTAMP AS never,
      TIMESTAMP_S '2013-01-01 10:00:00' AS seconds, TIMESTAMP_MS '2013-01-01 10:00:00.25' AS millis,
      [1::BIGINT, NULL] AS list, {'x': 1::BIGINT, 't': DATE '2020-01-01'} AS pair, NULL AS nothing, true AS yes`)
    expect(rows).toEqual([
      {
        big: 9007199254740991,
        huge: 170,
        price: 2.5,
        total: 3,
        at: '2013-01-01T10:00:00.000Z',
        zoned: '2013-01-01T08:00:00.123456Z',
        day: '2013-02-03',
        before: '1969-12-31T23:59:59.500Z',
        never: 'infinity',
        seconds: '2013-01-01T10:00:00.000Z',
        millis: '2013-01-01T10:00:00.250Z',
        list: [1, null],
        pair: { x: 1, t: '2020-01-01' },
        nothing: null,
        yes: true,
      },
    ])
  })

  it('shows times as the engine of JavaScript would, to the millisecond', async () => {
    const day = 86_400_000
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -40_000 * day, max: 40_000 * day }), async (ms) => {
        const [row] = await engine.query('SELECT make_timestamp(?::BIGINT * 1000) AS at', [
          BigInt(ms),
        ])
        expect(row?.at).toBe(new Date(ms).toISOString())
      }),
      { numRuns: 50 },
    )
  })

  it('takes parameters by place', async () => {
    const [row] = await engine.query(
      'SELECT ? AS text, ? AS whole, ? AS part, ? AS big, ? AS nothing, ? AS yes, ?::TIMESTAMP AS at',
      ["it's", 7, 1e300, 2n ** 40n, null, false, '2013-01-01T10:00:00.000Z'],
    )
    expect(row).toEqual({
      text: "it's",
      whole: 7,
      part: 1e300,
      big: 2 ** 40,
      nothing: null,
      yes: false,
      at: '2013-01-01T10:00:00.000Z',
    })
  })

  it('reads columns as typed arrays, in order, over many chunks', async () => {
    const rows = 10_000
    const columns = await engine.columns(
      `SELECT i AS n, i % 2 = 0 AS even, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 4 END AS part,
        CASE WHEN i % 5 = 0 THEN NULL ELSE 'ä' || i END AS "te""xt", CAST(i AS DECIMAL(9, 2)) AS price,
        TIMESTAMP '2013-01-01 00:00:00' + to_seconds(i) AS at, NULL::DATE AS day
       FROM range(${rows}) r(i) ORDER BY i DESC; `,
    )
    const n = Array.from({ length: rows }, (_, i) => rows - 1 - i)
    const start = Date.UTC(2013, 0, 1)
    const expected = {
      n: { kind: 'number', type: 'BIGINT', values: Float64Array.from(n) },
      even: { kind: 'number', type: 'BOOLEAN', values: Float64Array.from(n, (i) => 1 - (i % 2)) },
      part: {
        kind: 'number',
        type: 'DOUBLE',
        values: Float64Array.from(n, (i) => (i % 3 === 0 ? Number.NaN : i / 4)),
      },
      'te"xt': { kind: 'text', type: 'VARCHAR', values: n.map((i) => (i % 5 ? `ä${i}` : null)) },
      price: { kind: 'number', type: 'DECIMAL(9,2)', values: Float64Array.from(n) },
      at: {
        kind: 'time',
        type: 'TIMESTAMP',
        values: Float64Array.from(n, (i) => start + i * 1000),
      },
      day: { kind: 'time', type: 'DATE', values: new Float64Array(rows).fill(Number.NaN) },
    }
    expect(columns).toEqual(expected)
    const none = await engine.columns("SELECT 1 AS a, 'x' AS b WHERE false")
    expect(none).toEqual({
      a: { kind: 'number', type: 'INTEGER', values: new Float64Array(0) },
      b: { kind: 'text', type: 'VARCHAR', values: [] },
    })
  })

  it('describes a query without running it', async () => {
    expect(await engine.describe("SELECT 1 AS a, now() AS b, error('ran') AS c -- end")).toEqual([
      { name: 'a', type: 'INTEGER' },
      { name: 'b', type: 'TIMESTAMP WITH TIME ZONE' },
      { name: 'c', type: 'INTEGER' },
    ])
  })

  it('makes a view of a file, whatever the names', async () => {
    const path = join(root, "it's a [table]*.parquet")
    expect(await engine.writeParquet("SELECT 1 AS a, 'x' AS b", path)).toBe(1)
    await engine.register('my "view"; --', path)
    expect(await engine.query('SELECT * FROM "my ""view""; --"')).toEqual([{ a: 1, b: 'x' }])
  })

  it('runs calls in the order they were asked', async () => {
    const calls = [engine.execute('CREATE OR REPLACE TABLE turn AS SELECT 0 AS n')]
    for (let i = 1; i <= 20; i++) calls.push(engine.execute(`UPDATE turn SET n = n * 2 + ${i % 2}`))
    const last = engine.query<{ n: number }>('SELECT n FROM turn')
    await Promise.all(calls)
    const expected = Array.from({ length: 20 }, (_, i) => (i + 1) % 2)
    expect((await last)[0]?.n).toBe(expected.reduce((n, bit) => n * 2 + bit, 0))
  })

  it('quotes any name and any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1 }), fc.string(), async (name, text) => {
        fc.pre(!`${name}${text}`.includes('\0') && name !== '__proto__')
        const sql = `SELECT ${quoteLiteral(text)} AS ${quoteIdentifier(name)}`
        expect(await engine.query(sql)).toEqual([Object.fromEntries([[name, text]])])
      }),
      { numRuns: 100 },
    )
  })
})

describe('Parquet files', () => {
  it('have the same bytes for the same rows, with two threads too', async () => {
    await engine.execute(`CREATE TABLE source AS SELECT i, hash(i) % 1000 / 7.0 AS x, 'T' || (i % 3000) AS s,
      CASE WHEN i % 10 = 0 THEN NULL ELSE sin(i) END AS y FROM range(300000) r(i)`)
    const sql =
      'SELECT *, row_number() OVER (PARTITION BY s ORDER BY i) AS k FROM source WHERE x > 3 ORDER BY s, i'
    const digests = new Set<string>()
    for (let run = 0; run < 4; run++) {
      const path = join(root, `same-${run}.parquet`)
      await engine.writeParquet(run % 2 ? sql : `${sql};`, path)
      digests.add(createHash('sha256').update(readFileSync(path)).digest('hex'))
    }
    const single = await openTableEngine({ temporaryFolder: join(root, 'one'), threads: 1 })
    await single.register('source', join(root, 'same-0.parquet'))
    const path = join(root, 'single.parquet')
    await single.writeParquet('SELECT * FROM source', path)
    await single.close()
    digests.add(createHash('sha256').update(readFileSync(path)).digest('hex'))
    expect(digests.size).toBe(1)
  })

  it('that are missing, cut off or damaged are named', async () => {
    const path = join(root, 'whole.parquet')
    await engine.writeParquet('SELECT i, sin(i) AS x FROM range(100000) r(i)', path)
    const bytes = readFileSync(path)
    const damaged = Buffer.from(bytes)
    damaged.fill(7, 4, bytes.length - 2_000)
    const spoilt: Record<string, Uint8Array> = {
      'cut.parquet': bytes.subarray(0, bytes.length / 2),
      'empty.parquet': new Uint8Array(0),
      'text.parquet': Buffer.from('flights,delay\n1,2\n'),
      'damaged.parquet': damaged,
      'tail.parquet': Buffer.concat([bytes.subarray(0, 20), bytes.subarray(-100)]),
    }
    for (const [name, content] of Object.entries(spoilt)) {
      writeFileSync(join(root, name), content)
      const sql = `SELECT sum(x) FROM read_parquet(${quoteLiteral(join(root, name))})`
      await expect(engine.query(sql), name).rejects.toMatchObject({
        code: 'TABLE_UNREADABLE',
        details: { path: join(root, name) },
      })
    }
    await engine.register('spoilt', path)
    writeFileSync(path, damaged)
    await expect(engine.query('SELECT sum(x) FROM spoilt')).rejects.toMatchObject({
      code: 'TABLE_UNREADABLE',
      details: { path },
    })
    await expect(engine.register('gone', join(root, 'gone.parquet'))).rejects.toMatchObject({
      code: 'TABLE_UNREADABLE',
    })
  })

  it('are whole or not there', async () => {
    const path = join(root, 'half.parquet')
    const sql =
      "SELECT CASE WHEN i = 250000 THEN error('stop') ELSE 'x' || i END AS x FROM range(300000) r(i)"
    await expect(engine.writeParquet(sql, path)).rejects.toMatchObject({ code: 'SQL_FAILED' })
    expect(readdirSync(root).filter((name) => name.startsWith('half'))).toEqual([])
    expect(existsSync(path)).toBe(false)
  })

  it('that find no room leave nothing behind', () => {
    // A limit on the size of files stands in for a full disk.
    const folder = mkdtempSync(join(root, 'full-'))
    const program = `
      import { openTableEngine } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
      const engine = await openTableEngine({ temporaryFolder: ${JSON.stringify(join(folder, 'spill'))} })
      await engine.writeParquet('SELECT random() AS x FROM range(1000000)', ${JSON.stringify(join(folder, 'big.parquet'))})
        .catch((error) => console.log(error.code))
      await engine.close()`
    const shell = `ulimit -f 1000; exec "$0" --input-type=module -e "$1"`
    const output = execFileSync('bash', ['-c', shell, process.execPath, program], {
      encoding: 'utf8',
    })
    expect(output.trim()).toBe('STORAGE_FULL')
    expect(readdirSync(folder)).toEqual(['spill'])
  })
})

describe('failed SQL', () => {
  it('carries the text of the engine and a short form of the query', async () => {
    const failing = engine.query(`SELECT delays FROM (SELECT 1 AS delay) -- ${'long '.repeat(500)}`)
    await expect(failing).rejects.toMatchObject({
      code: 'SQL_FAILED',
      message: expect.stringMatching(/"delays" not found/),
      details: { sql: expect.stringMatching(/^SELECT delays FROM .*…$/) },
    })
    await expect(engine.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }])
  })

  it('does not reach for extensions or other settings', async () => {
    for (const sql of [
      'LOAD httpfs',
      "SELECT * FROM 'https://localhost/x.parquet'",
      'SET threads = 9',
    ])
      await expect(engine.execute(sql), sql).rejects.toMatchObject({ code: 'SQL_FAILED' })
  })

  it('is how a closed engine answers', async () => {
    const closed = await openTableEngine({ temporaryFolder: join(root, 'closed') })
    await closed.close()
    await closed.close()
    await expect(closed.query('SELECT 1')).rejects.toMatchObject({ code: 'SQL_FAILED' })
    await expect(closed.columns('SELECT 1')).rejects.toMatchObject({ code: 'SQL_FAILED' })
  })

  it('refuses two columns of one name where they would be mixed up', async () => {
    await expect(engine.columns('SELECT 1 AS a, 2 AS A')).rejects.toMatchObject({
      code: 'SQL_FAILED',
      message: expect.stringContaining('twice'),
    })
  })
})
