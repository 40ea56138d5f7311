import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, onTestFinished, test } from 'vitest'
import type { ProjectInput } from '../../src/index.ts'
import { type Customer, churnProject, csvOf, customers } from './fixtures/churn.ts'
import { esteira, failureOf } from './fixtures/esteira.ts'
import { projectFolder, writeFiles } from './fixtures/folders.ts'
import { brokenArtifacts, leftovers } from './fixtures/stored-state.ts'

const ROWS = customers(1_200)
const MENDED = { 'customers.csv': csvOf(ROWS) }

/**
 * A project that ends at the feasibility check: it has read, joined and split everything by then,
 * and needs no model to show that the belt goes on.
 */
function project(source: ProjectInput['sources'][string], changes: Partial<ProjectInput> = {}) {
  return churnProject({
    problem: {
      statement: 'Will this customer leave within 30 days?',
      type: 'binary-classification',
      target: 'gone',
      feasibility: { minRows: 1_000_000 },
    },
    sources: { customers: source },
    ...changes,
  })
}

const CSV = { kind: 'csv', path: 'customers.csv' } as const

async function expectRefusal(
  folder: string,
  code: string,
  mentions: string | RegExp,
): Promise<void> {
  const { exit, error } = await failureOf(folder, ['run'])
  expect(error).toMatchObject({ code })
  expect(error.message).toMatch(mentions)
  expect(error.hint).not.toBe('')
  expect(exit).toBe(5)
  expect(brokenArtifacts(folder)).toEqual([])
  expect(leftovers(folder)).toEqual([])
}

/** With its input mended the same command gets through to the feasibility check. */
async function expectItGoesOn(folder: string): Promise<void> {
  const { code, err } = await esteira(folder, ['run', '--json'])
  expect({ code, err }).toEqual({ code: 4, err: '' })
}

function changed(map: (row: Customer, index: number) => object): string {
  return projectFolder({
    'customers.csv': csvOf(ROWS.map(map)),
    'esteira.config.json': project(CSV),
  })
}

async function writeParquet(file: string): Promise<void> {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const csv = file.replace(/parquet$/, 'csv')
  await connection.run(`COPY (FROM read_csv('${csv}')) TO '${file}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}/customers`
}

test('a truncated Parquet file', async () => {
  const folder = projectFolder({
    ...MENDED,
    'esteira.config.json': project({ kind: 'parquet', path: 'customers.parquet' }),
  })
  const file = path.join(folder, 'customers.parquet')
  await writeParquet(file)
  const whole = readFileSync(file)
  writeFileSync(file, whole.subarray(0, whole.length / 2))
  await expectRefusal(folder, 'SOURCE_UNREADABLE', 'customers.parquet')
  writeFileSync(file, whole)
  await expectItGoesOn(folder)
})

test('a CSV with a broken line', async () => {
  const lines = csvOf(ROWS).split('\n')
  lines[700] = '700,30,"4,basic,1'
  const folder = projectFolder({
    'customers.csv': lines.join('\n'),
    'esteira.config.json': project(CSV),
  })
  await expectRefusal(folder, 'SOURCE_UNREADABLE', 'customers.csv')
  writeFiles(folder, MENDED)
  await expectItGoesOn(folder)
})

test('a database file that is not there', async () => {
  const folder = projectFolder({
    'esteira.config.json': project({
      kind: 'sql',
      connection: 'sqlite:customers.db',
      query: 'SELECT * FROM customers',
      retries: 0,
    }),
  })
  await expectRefusal(folder, 'SOURCE_FILES_NOT_FOUND', 'customers.db')
  const database = new DatabaseSync(path.join(folder, 'customers.db'))
  database.exec(
    'CREATE TABLE customers (id INTEGER, age REAL, calls REAL, plan TEXT, gone INTEGER)',
  )
  const insert = database.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?)')
  for (const { id, age, calls, plan, gone } of ROWS) insert.run(id, age, calls, plan, gone)
  database.close()
  await expectItGoesOn(folder)
})

test('a PostgreSQL server that does not listen', async () => {
  // Port 1 is reserved and nothing listens there.
  const folder = projectFolder({
    'esteira.config.json': project({
      kind: 'sql',
      connection: 'postgresql://reader:secret@127.0.0.1:1/crm',
      query: 'SELECT * FROM customers',
      retries: 1,
    }),
  })
  await expectRefusal(folder, 'SOURCE_UNREACHABLE', '127.0.0.1:1')
  const { err } = await esteira(folder, ['run'])
  expect(err).not.toContain('secret')
})

test('an API that answers 500 for ever is asked again, then given up', async () => {
  let asked = 0
  let isDown = true
  const url = await serve((_request, response) => {
    asked += 1
    if (isDown) response.writeHead(500).end('out of order')
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(ROWS))
  })
  const folder = projectFolder({
    'esteira.config.json': project({ kind: 'http-json', url, retries: 1 }),
  })
  await expectRefusal(folder, 'SOURCE_HTTP_STATUS', '500')
  expect(asked).toBe(2)
  isDown = false
  await expectItGoesOn(folder)
})

test('an API that never answers is given up after its time limit', async () => {
  const url = await serve(() => undefined)
  const folder = projectFolder({
    'esteira.config.json': project({ kind: 'http-json', url, retries: 0, timeout: '300ms' }),
  })
  await expectRefusal(folder, 'SOURCE_TIMED_OUT', /300 ms|0\.3 s/)
})

test('a column that vanished', async () => {
  const folder = changed(({ calls: _calls, ...rest }) => rest)
  await expectRefusal(folder, 'COLUMN_NOT_FOUND', 'calls')
  writeFiles(folder, MENDED)
  await expectItGoesOn(folder)
})

test('a target with one class', async () => {
  const folder = changed((row) => ({ ...row, gone: 0 }))
  await expectRefusal(folder, 'TARGET_HAS_ONE_CLASS', 'gone')
  writeFiles(folder, MENDED)
  await expectItGoesOn(folder)
})

test('an input without one value', async () => {
  const folder = changed((row) => ({ ...row, age: '' }))
  await expectRefusal(folder, 'INPUT_ALL_MISSING', 'age')
  writeFiles(folder, MENDED)
  await expectItGoesOn(folder)
})

test('infinite values', async () => {
  const folder = changed((row, i) => (i % 100 === 7 ? { ...row, age: 'inf' } : row))
  await expectRefusal(folder, 'INPUT_INFINITE', 'age')
  writeFiles(folder, MENDED)
  await expectItGoesOn(folder)
})

test('a split that leaves a part empty', async () => {
  const split = { by: 'random', validation: 0, test: 0.2 } as const
  const { dataset } = churnProject()
  const folder = projectFolder({
    ...MENDED,
    'esteira.config.json': project(CSV, { dataset: { ...dataset, split } }),
  })
  await expectRefusal(folder, 'EMPTY_SPLIT', 'validation')
  writeFiles(folder, { 'esteira.config.json': project(CSV) })
  await expectItGoesOn(folder)
})

test('a file that is gone is named, and nothing of the run before is lost', async () => {
  const folder = projectFolder({ ...MENDED, 'esteira.config.json': project(CSV) })
  await expectItGoesOn(folder)
  rmSync(path.join(folder, 'customers.csv'))
  await expectRefusal(folder, 'SOURCE_FILES_NOT_FOUND', 'customers.csv')
  writeFiles(folder, MENDED)
  await expectItGoesOn(folder)
})
