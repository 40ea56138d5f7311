import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectSchema } from '../../core/records/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { fetchRaw } from './fetch-raw.ts'
import { fingerprintFiles } from './fingerprint-files.ts'

const POSTGRES =
  process.env.ESTEIRA_TEST_POSTGRES_URL ?? 'postgresql://postgres@127.0.0.1:5432/test'

const folder = mkdtempSync(join(tmpdir(), 'esteira-sql-'))
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

function source(written: object) {
  return projectSchema.shape.sources.valueType.parse({ kind: 'sql', ...written })
}

function fetchSql(
  written: object,
  extra: { environment?: Record<string, string>; signal?: AbortSignal } = {},
) {
  const options = { name: 'rows', source: source(written), projectFolder: folder }
  return fetchRaw({ ...options, environment: {}, engine, artifacts, ...extra })
}

async function read(digest: string) {
  const path = artifacts.pathOf(digest)
  const rows = await engine.query(`SELECT * FROM read_parquet('${path}')`)
  const columns = await engine.describe(`SELECT * FROM read_parquet('${path}')`)
  return { rows, types: columns.map((column) => column.type) }
}

describe('SQLite', () => {
  beforeAll(() => {
    const database = new DatabaseSync(join(folder, 'data.db'))
    database.exec(`CREATE TABLE t (id INTEGER, x REAL, name TEXT, big INTEGER, empty TEXT);
      INSERT INTO t VALUES (3, 1.5, 'a', 9007199254740993, NULL), (1, 9e999, 'it''s', 2, NULL), (2, NULL, '00', 3, NULL);
      CREATE TABLE many AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT i FROM n`)
    database.close()
  })

  it('keeps the order of the query, whole numbers beyond 2^53, infinities and nulls', async () => {
    const written = { connection: 'sqlite:data.db', query: 'SELECT * FROM t ORDER BY id DESC' }
    const raw = await fetchSql(written)
    expect(raw).toMatchObject({ rows: 3, origin: 'sqlite:data.db' })
    const { rows, types } = await read(raw.table.digest)
    expect(types).toEqual(['BIGINT', 'DOUBLE', 'VARCHAR', 'BIGINT', 'VARCHAR'])
    expect(rows.map((row) => [row.id, row.x, row.name])).toEqual([
      [3, 1.5, 'a'],
      [2, null, '00'],
      [1, Number.POSITIVE_INFINITY, "it's"],
    ])
    const path = artifacts.pathOf(raw.table.digest)
    const [big] = await engine.query(
      `SELECT CAST(max(big) AS VARCHAR) AS big FROM read_parquet('${path}')`,
    )
    expect(big).toEqual({ big: '9007199254740993' })
    expect((await fetchSql(written)).table).toEqual(raw.table)
  })

  it('takes declared types, and names the value that does not fit one', async () => {
    const query = 'SELECT id, name FROM t ORDER BY id'
    const connection = 'sqlite:data.db'
    const raw = await fetchSql({ connection, query, types: { id: 'VARCHAR' } })
    expect((await read(raw.table.digest)).types).toEqual(['VARCHAR', 'VARCHAR'])
    await expect(fetchSql({ connection, query, types: { name: 'BIGINT' } })).rejects.toMatchObject({
      code: 'SOURCE_VALUE_INVALID',
      details: { column: 'name', value: "it's", row: 1 },
    })
  })

  it('knows the columns of an empty answer', async () => {
    const query = 'SELECT id, x FROM t WHERE false'
    const raw = await fetchSql({ connection: 'sqlite:data.db', query, types: { x: 'DOUBLE' } })
    expect(raw.rows).toBe(0)
    expect((await read(raw.table.digest)).types).toEqual(['VARCHAR', 'DOUBLE'])
  })

  it('says what is wrong with a query, a file or an address', async () => {
    await expect(
      fetchSql({ connection: 'sqlite:data.db', query: 'SELECT nothing FROM t' }),
    ).rejects.toMatchObject({ code: 'SOURCE_QUERY_FAILED' })
    await expect(
      fetchSql({ connection: 'sqlite:data.db', query: 'DELETE FROM t' }),
    ).rejects.toMatchObject({ code: 'SOURCE_QUERY_FAILED' })
    await expect(
      fetchSql({ connection: 'sqlite:gone.db', query: 'SELECT 1' }),
    ).rejects.toMatchObject({ code: 'SOURCE_FILES_NOT_FOUND' })
    await expect(
      fetchSql({ connection: 'mysql://host/db', query: 'SELECT 1' }),
    ).rejects.toMatchObject({ code: 'SOURCE_CONNECTION_INVALID' })
  })

  it('stops between batches when it is interrupted, and ends a query that takes too long', async () => {
    const written = { connection: 'sqlite:data.db', query: 'SELECT * FROM many' }
    const controller = new AbortController()
    const running = fetchSql(written, { signal: controller.signal })
    setImmediate(() => controller.abort())
    await expect(running).rejects.toMatchObject({ code: 'COLLECTION_INTERRUPTED' })
    await expect(fetchSql({ ...written, timeout: 1 })).rejects.toMatchObject({
      code: 'SOURCE_TIMED_OUT',
    })
  })

  it('gives a file’s identity without reading it', async () => {
    const written = source({ connection: 'sqlite:data.db', query: 'SELECT 1' })
    expect(await fingerprintFiles(written, folder)).toMatchObject([{ path: 'data.db' }])
    const remote = source({ connection: POSTGRES, query: 'SELECT 1' })
    expect(await fingerprintFiles(remote, folder)).toBeNull()
  })
})

describe('PostgreSQL', () => {
  const schema = `esteira_test_${process.pid}`
  const admin = new pg.Client({ connectionString: POSTGRES })

  beforeAll(async () => {
    await admin.connect()
    await admin.query(`CREATE SCHEMA ${schema}`)
    await admin.query(`CREATE TABLE ${schema}.t (id bigint, x double precision, n numeric(10, 2),
      ok boolean, name text, day date, plain timestamp, zoned timestamptz)`)
    await admin.query(`INSERT INTO ${schema}.t VALUES
      (9007199254740993, 'Infinity', 12.50, true, 'a "b"', '2013-03-10', '2013-03-10 02:30:00', '2013-03-10 02:30:00+02'),
      (2, NULL, NULL, false, NULL, NULL, NULL, NULL)`)
    await admin.query(
      `CREATE TABLE ${schema}.many AS SELECT i, i % 7 AS k FROM generate_series(1, 12001) AS i`,
    )
  })
  afterAll(async () => {
    await admin.query(`DROP SCHEMA ${schema} CASCADE`)
    await admin.end()
  })

  it('carries every type as it is, times in UTC', async () => {
    const raw = await fetchSql({ connection: POSTGRES, query: `SELECT * FROM ${schema}.t;` })
    const { rows, types } = await read(raw.table.digest)
    expect(types).toEqual([
      'BIGINT',
      'DOUBLE',
      'DOUBLE',
      'BOOLEAN',
      'VARCHAR',
      'DATE',
      'TIMESTAMP',
      'TIMESTAMP',
    ])
    expect(rows[0]).toMatchObject({
      x: Number.POSITIVE_INFINITY,
      n: 12.5,
      ok: true,
      name: 'a "b"',
      day: '2013-03-10',
      plain: '2013-03-10T02:30:00.000Z',
      zoned: '2013-03-10T00:30:00.000Z',
    })
    expect(Object.values(rows[1] ?? {})).toEqual([2, null, null, false, null, null, null, null])
  })

  it('reads all batches in the order of the query, with the same bytes each time', async () => {
    const query = `SELECT i FROM ${schema}.many ORDER BY k, i DESC`
    const raw = await fetchSql({ connection: POSTGRES, query })
    expect(raw.rows).toBe(12_001)
    const { rows } = await read(raw.table.digest)
    expect(rows[0]).toEqual({ i: 11_998 })
    expect(rows.at(-1)).toEqual({ i: 6 })
    expect((await fetchSql({ connection: POSTGRES, query })).table.digest).toBe(raw.table.digest)
  })

  it('cannot write, and says why a query failed', async () => {
    const drop = `WITH d AS (DELETE FROM ${schema}.t RETURNING *) SELECT * FROM d`
    await expect(fetchSql({ connection: POSTGRES, query: drop })).rejects.toMatchObject({
      code: 'SOURCE_QUERY_FAILED',
    })
    const wrong = { connection: POSTGRES, query: `SELECT nothing FROM ${schema}.t` }
    await expect(fetchSql(wrong)).rejects.toThrow('column "nothing" does not exist')
  })

  it('ends a query that takes longer than its timeout', async () => {
    const query = 'SELECT pg_sleep(20)'
    await expect(fetchSql({ connection: POSTGRES, query, timeout: '200ms' })).rejects.toMatchObject(
      { code: 'SOURCE_TIMED_OUT', exit: 'data' },
    )
  })

  it('is interrupted in the middle of a query', async () => {
    const controller = new AbortController()
    const query = 'SELECT pg_sleep(20)'
    const running = fetchSql({ connection: POSTGRES, query }, { signal: controller.signal })
    setTimeout(() => controller.abort(), 200)
    await expect(running).rejects.toMatchObject({ code: 'COLLECTION_INTERRUPTED' })
  })

  it('tries a database that is down again, then gives up without telling the password', async () => {
    const written = {
      connection: `postgresql://user:\${env:PASSWORD}@127.0.0.1:1/test`,
      query: 'SELECT 1',
      retries: 1,
    }
    const failed = fetchSql(written, { environment: { PASSWORD: 'geheim' } })
    const error: unknown = await failed.catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      retryable: true,
      details: { attempts: 2, origin: 'postgresql://user@127.0.0.1:1/test' },
    })
    expect(JSON.stringify(error)).not.toContain('geheim')
    await expect(fetchSql(written)).rejects.toMatchObject({ code: 'SOURCE_ENVIRONMENT_MISSING' })
  })
})
