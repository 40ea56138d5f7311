import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectSchema, type Source } from '../../core/records/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { fetchRaw } from './fetch-raw.ts'
import { fingerprintFiles } from './fingerprint-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-files-'))
const project = join(folder, 'project [1]')
let engine: TableEngine
let artifacts: ArtifactStore

beforeAll(async () => {
  mkdirSync(join(project, 'data'), { recursive: true })
  engine = await openTableEngine({ temporaryFolder: join(folder, 'duckdb') })
  artifacts = openArtifactStore(join(folder, 'artifacts'))
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

function source(written: object): Source {
  return projectSchema.shape.sources.valueType.parse(written)
}

function write(name: string, text: string): void {
  writeFileSync(join(project, 'data', name), text)
}

function fetchFiles(written: object, signal?: AbortSignal) {
  const options = { name: 'rows', source: source(written), projectFolder: project, environment: {} }
  return fetchRaw({ ...options, engine, artifacts, ...(signal ? { signal } : {}) })
}

async function readBack(written: object) {
  const raw = await fetchFiles(written)
  const path = artifacts.pathOf(raw.table.digest)
  return engine.query(`SELECT * FROM read_parquet('${path}')`)
}

describe('files', () => {
  it('unites several CSV files by column name, in the order of their paths', async () => {
    write('u2.csv', 'b,a\nx,3\n')
    write('u1.csv', 'a,b\n1,"y, z"\n2,\n')
    expect(await readBack({ kind: 'csv', path: 'data/u*.csv' })).toEqual([
      { a: 1, b: 'y, z' },
      { a: 2, b: null },
      { a: 3, b: 'x' },
    ])
  })

  it('keeps codes with leading zeros as texts and decides a type over all rows', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `0${i},${i},2013-01-01T05:00:00+02:00`)
    write('types.csv', `code,number,time\r\n${rows.join('\r\n')}\r\n1,2.5,2013-01-01\r\n`)
    const raw = await fetchFiles({ kind: 'csv', path: 'data/types.csv' })
    const path = artifacts.pathOf(raw.table.digest)
    const types = await engine.describe(`SELECT * FROM read_parquet('${path}')`)
    expect(types.map((column) => column.type)).toEqual(['VARCHAR', 'DOUBLE', 'TIMESTAMP'])
    const [first] = await engine.query(`SELECT * FROM read_parquet('${path}') LIMIT 1`)
    expect(first).toEqual({ code: '00', number: 0, time: '2013-01-01T03:00:00.000Z' })
    expect(raw.rows).toBe(30_001)
  })

  it.each([
    ['too few fields', 'a,b,c\n1,2,3\n4,5\n6,7,8\n', 3],
    ['too few fields in the first row', 'a,b,c\n1,2\n4,5,6\n', 2],
    ['too many fields', 'a,b,c\n1,2,3\n4,5,6,7\n', 3],
    ['an open quote', 'a,b,c\n1,2,3\n4,5,"6\n7,8,9\n', 3],
  ])('names file and line of a CSV line with %s', async (_, text, line) => {
    write('broken.csv', text)
    const failed = fetchFiles({ kind: 'csv', path: 'data/broken.csv' })
    await expect(failed).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', exit: 'data' })
    await expect(failed).rejects.toThrow(/broken\.csv.*Line: /s)
    await expect(failed).rejects.toThrow(`Line: ${line}`)
  })

  it('reports the first value that is not of its declared type', async () => {
    write('declared.csv', 'a\n1\nn/a\n3\n')
    await expect(
      fetchFiles({ kind: 'csv', path: 'data/declared.csv', types: { a: 'DOUBLE' } }),
    ).rejects.toMatchObject({
      code: 'SOURCE_VALUE_INVALID',
      details: { column: 'a', type: 'DOUBLE', value: 'n/a', row: 2, rows: 1 },
    })
    const nullText = { kind: 'csv', path: 'data/declared.csv', nullText: 'n/a' }
    expect(await readBack(nullText)).toEqual([{ a: 1 }, { a: null }, { a: 3 }])
  })

  it('refuses a declared type that is no type, and a declared column that is not there', async () => {
    write('small.csv', 'a\n1\n')
    await expect(
      fetchFiles({ kind: 'csv', path: 'data/small.csv', types: { a: 'DOUBLE); DROP' } }),
    ).rejects.toMatchObject({ code: 'SOURCE_TYPE_INVALID' })
    await expect(
      fetchFiles({ kind: 'csv', path: 'data/small.csv', types: { amount: 'DOUBLE' } }),
    ).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' })
  })

  it('reads newline-delimited JSON and names file and line of malformed JSON', async () => {
    write('a.jsonl', '{"a":1,"b":"x"}\n{"a":2.5}\n')
    expect(await readBack({ kind: 'json-lines', path: 'data/a.jsonl' })).toEqual([
      { a: 1, b: 'x' },
      { a: 2.5, b: null },
    ])
    write('b.jsonl', '{"a":1}\n{"a":x}\n{"a":3}\n')
    const failed = fetchFiles({ kind: 'json-lines', path: ['data/a.jsonl', 'data/b.jsonl'] })
    await expect(failed).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
    await expect(failed).rejects.toThrow(/b\.jsonl.*line 2/s)
  })

  it('unites Parquet files and names the truncated one', async () => {
    const path = (name: string) => join(project, 'data', name)
    await engine.writeParquet('SELECT 1 AS a, 2 AS b', path('p1.parquet'))
    await engine.writeParquet('SELECT range AS a FROM range(100000)', path('p2.parquet'))
    const raw = await fetchFiles({ kind: 'parquet', path: 'data/p*.parquet' })
    expect(raw).toMatchObject({ rows: 100_001, origin: 'data/p1.parquet, data/p2.parquet' })
    truncateSync(path('p2.parquet'), 20_000)
    const failed = fetchFiles({ kind: 'parquet', path: 'data/p*.parquet' })
    await expect(failed).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      details: { file: path('p2.parquet') },
    })
  })

  it('says which pattern matched nothing, and where it looked', async () => {
    await expect(fetchFiles({ kind: 'csv', path: 'data/none-*.csv' })).rejects.toMatchObject({
      code: 'SOURCE_FILES_NOT_FOUND',
      details: { pattern: 'data/none-*.csv', folder: project },
    })
  })

  it('gives the same artifact for the same files, and a new fingerprint for changed ones', async () => {
    const written = { kind: 'csv', path: 'data/same.csv' }
    write('same.csv', 'a\n1\n')
    const before = await fingerprintFiles(source(written), project)
    const first = await fetchFiles(written)
    expect(await fetchFiles(written)).toEqual(first)
    expect(await fingerprintFiles(source(written), project)).toEqual(before)
    write('same.csv', 'a\n1\n2\n')
    expect(await fingerprintFiles(source(written), project)).not.toEqual(before)
  })

  it('keeps nothing when it is interrupted or fails', async () => {
    write('kept.csv', 'a\n99\n')
    const controller = new AbortController()
    controller.abort()
    await expect(
      fetchFiles({ kind: 'csv', path: 'data/kept.csv' }, controller.signal),
    ).rejects.toMatchObject({ code: 'COLLECTION_INTERRUPTED', exit: 'interrupted' })
    const left = readdirSync(join(folder, 'artifacts', 'tmp'), { recursive: true })
    expect(left.filter((name) => String(name).endsWith('.parquet'))).toEqual([])
  })
})
