import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeploymentPolicy, FeatureTable } from '../../src/core/records/index.ts'
import { systemClock } from '../../src/core/time/index.ts'
import { type PredictFileOptions, predictFile } from '../../src/flows/predict-file/index.ts'
import { openTableEngine, type TableEngine } from '../../src/platform/storage/index.ts'
import {
  ENDPOINT,
  type FixtureModel,
  type GatewayScene,
  openGatewayScene,
  readExpected,
} from '../../src/surfaces/gateway/fixtures/gateway-scene.ts'
import { createGateway, type InferResponse } from '../../src/surfaces/gateway/index.ts'

let folder: string
let scene: GatewayScene
let engine: TableEngine

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esteira-predict-'))
  engine = await openTableEngine({ temporaryFolder: join(folder, 'tmp'), threads: 1 })
})
afterEach(async () => {
  engine.close()
  await scene.close()
  rmSync(folder, { recursive: true })
})

interface Setting {
  readonly model?: FixtureModel
  readonly featureView?: boolean
  readonly deployment?: Partial<DeploymentPolicy>
}

async function deploy({ deployment, ...version }: Setting = {}): Promise<void> {
  scene = await openGatewayScene(join(folder, 'data'), deployment)
  await scene.addVersion('first', version)
  await scene.rollOut(1)
}

function score(input: string, options: Partial<PredictFileOptions> = {}) {
  const signal = new AbortController().signal
  return predictFile(
    { ...scene, engine, clock: systemClock, signal, onProgress: () => {} },
    { input, output: join(folder, 'out.parquet'), ...options },
  )
}

function readOutput(name = 'out.parquet'): Promise<Record<string, unknown>[]> {
  const path = join(folder, name)
  if (name.endsWith('.csv')) return engine.query(`SELECT * FROM read_csv('${path}', header = true)`)
  if (name.endsWith('.jsonl')) return engine.query(`SELECT * FROM read_json('${path}')`)
  return engine.query(`SELECT * FROM read_parquet('${path}')`)
}

type Row = Readonly<Record<string, unknown>>

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function lines(rows: readonly Row[], name = 'rows.jsonl'): string {
  return file(name, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}

/** Rows of a committed model, with an id each. */
function rowsOf(model: FixtureModel): Row[] {
  const { columns, rows } = readExpected(model)
  return Array.from({ length: rows }, (_, row) => ({
    id: 100 + row,
    ...Object.fromEntries(Object.entries(columns).map(([name, data]) => [name, data[row] ?? null])),
  }))
}

/** The rows of the model in each format that is read. */
async function asFile(format: string, rows: readonly Row[]): Promise<string> {
  const json = lines(rows)
  if (format === 'jsonl') return json
  const path = join(folder, `rows.${format}`)
  const select = `SELECT * FROM read_json('${json}', sample_size = -1)`
  if (format === 'parquet') await engine.writeParquet(select, path)
  else await engine.execute(`COPY (${select}) TO '${path}' (FORMAT csv, HEADER)`)
  return path
}

/** What the running gateway answers to the same rows. */
async function askGateway(rows: readonly Row[]): Promise<InferResponse> {
  const gateway = createGateway({ ...scene, clock: systemClock })
  try {
    await gateway.listen()
    const names = Object.keys(rows[0] ?? {}).filter((name) => name !== 'id')
    const inputs = names.map((name) => {
      const data = rows.map((row) => row[name] ?? null)
      const isText = data.some((value) => typeof value === 'string')
      return { name, datatype: isText ? 'BYTES' : 'FP64', shape: [rows.length], data }
    })
    const response = await fetch(`${gateway.address}/v2/models/${ENDPOINT}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs }),
    })
    expect(response.status).toBe(200)
    return (await response.json()) as InferResponse
  } finally {
    await gateway.close()
  }
}

function outputOf(response: InferResponse, name: string): readonly unknown[] {
  return response.outputs.find((output) => output.name === name)?.data ?? []
}

async function expectGatewayAnswers(rows: readonly Row[], written: readonly Row[]) {
  const answer = await askGateway(rows)
  expect(written).toHaveLength(rows.length)
  const probabilities = outputOf(answer, 'probabilities')
  const width = probabilities.length / rows.length
  for (const [i, row] of written.entries()) {
    const numbers = Object.entries(row).filter(([name]) => name.startsWith('probability_'))
    expect(numbers).toHaveLength(width)
    for (const [column, [, value]] of numbers.entries()) {
      expect(value).toBeCloseTo(Number(probabilities[i * width + column]), 6)
    }
    expect(row.id).toBe(rows[i]?.id)
    expect(String(row.prediction)).toBe(String(outputOf(answer, 'label')[i]))
    expect(row.decision).toBe(outputOf(answer, 'decision')[i])
  }
}

const BEFORE_NOON = Date.parse('2024-05-01T11:00:00Z')
const GOOD = { id: 1, distance: 900, hour: 12, carrier: 'B6', origin: 'JFK' }
const asked = (origin: string | null, at: string) => ({
  id: 1,
  distance: 900,
  carrier: 'B6',
  origin,
  at,
})

/** History of the feature view `airport`: the hour of JFK at 10:00 and, seen an hour later, at noon. */
async function addHistory(): Promise<void> {
  const path = join(folder, 'airport.parquet')
  await engine.writeParquet(
    `SELECT * FROM (VALUES ('JFK', TIMESTAMP '2024-05-01 10:00', 6.0),
      ('JFK', TIMESTAMP '2024-05-01 12:00', 21.0)) AS t(origin, __event_time, hour)`,
    path,
  )
  const table: FeatureTable = {
    view: 'airport',
    entity: 'airport',
    keys: ['origin'],
    features: [{ name: 'hour', kind: 'number', view: 'airport' }],
    table: await scene.artifacts.putFile(path, { name: 'airport.parquet' }),
    rows: 2,
    columns: [],
    newestEventTime: null,
  }
  await scene.store.put('feature-table', 'airport@1', table)
}

describe('answers of a file', () => {
  test.each(['parquet', 'csv', 'jsonl'])('are the gateway’s, from and to %s', async (format) => {
    await deploy()
    const rows = rowsOf('binary')
    const output = join(folder, `out.${format}`)
    const summary = await score(await asFile(format, rows), { output, stretchRows: 7 })
    expect(summary).toMatchObject({ version: 1, rows: 40, predicted: 40, refused: 0 })
    await expectGatewayAnswers(rows, await readOutput(`out.${format}`))
  })

  test('of several classes have a column each, and no decision', async () => {
    await deploy({ model: 'three-classes' })
    const rows = rowsOf('three-classes')
    await score(lines(rows))
    await expectGatewayAnswers(rows, await readOutput())
  })

  test.each(['regression', 'clusters'] as const)('of %s are numbers', async (model) => {
    await deploy({ model })
    const { output, rows } = readExpected(model)
    await score(lines(rowsOf(model)))
    const written = await readOutput()
    expect(Object.keys(written[0] ?? {})).toEqual(['id', 'prediction'])
    expect(written).toHaveLength(rows)
    for (const [i, { prediction }] of written.entries()) {
      expect(Math.abs(Number(prediction) - (output[i] ?? Number.NaN))).toBeLessThan(1e-4)
    }
  })

  test('come from the version asked for', async () => {
    await deploy()
    await scene.addVersion('second', { model: 'three-classes' })
    await score(lines(rowsOf('three-classes')), { version: { version: 2 } })
    expect(Object.keys((await readOutput())[0] ?? {})).toHaveLength(5)
    await expect(score(lines([GOOD]), { version: { version: 9 } })).rejects.toMatchObject({
      code: 'VERSION_NOT_FOUND',
    })
    await expect(
      score(lines([GOOD]), { version: { environment: 'production' } }),
    ).rejects.toMatchObject({ code: 'ENVIRONMENT_EMPTY' })
  })

  test('carry the columns asked for, as they were', async () => {
    await deploy()
    const note = { ...GOOD, note: 'a "b", c', nested: { deep: [1] }, day: '2024-05-01' }
    await score(lines([note, note]), { keep: ['note', 'nested', 'day'] })
    const [row] = await readOutput()
    expect(row).toMatchObject({ note: 'a "b", c', nested: { deep: [1] }, day: '2024-05-01' })
    expect(row).not.toHaveProperty('id')
  })

  test('are not written when the work is interrupted', async () => {
    await deploy()
    const interruption = new AbortController()
    const scored = predictFile(
      {
        ...scene,
        engine,
        clock: systemClock,
        signal: interruption.signal,
        onProgress: ({ kind }) => {
          if (kind === 'step-progress') interruption.abort()
        },
      },
      { input: lines([GOOD, GOOD, GOOD]), output: join(folder, 'out.parquet'), stretchRows: 1 },
    )
    await expect(scored).rejects.toThrow('abort')
    expect(existsSync(join(folder, 'out.parquet'))).toBe(false)
    const left = readdirSync(join(folder, 'data', 'artifacts', 'tmp'), { recursive: true })
    expect(left.filter((name) => String(name).includes('work-'))).toEqual([])
  })

  test('of no rows are columns without rows', async () => {
    await deploy()
    const input = file('rows.csv', 'id,distance,hour,carrier,origin\n')
    expect(await score(input)).toMatchObject({ rows: 0, predicted: 0 })
    expect(await readOutput()).toEqual([])
  })
})

describe('features of a file', () => {
  test('come from the online store, as the gateway’s do', async () => {
    await deploy({ featureView: true })
    await scene.online.put('airport', [
      { keys: ['JFK'], values: { hour: 21 }, eventTimeMs: Date.now() - 7_200_000 },
    ])
    const rows = [asked('JFK', ''), asked('EWR', ''), asked(null, '')].map(
      ({ at: _, ...row }) => row,
    )
    expect(await score(lines(rows))).toMatchObject({ features: 'online' })
    await expectGatewayAnswers(rows, await readOutput())
  })

  test('come from their history when a time is given, and no later than it', async () => {
    await deploy({ featureView: true })
    await addHistory()
    const rows = [
      asked('JFK', '2024-05-01T10:30:00Z'),
      asked('JFK', '2024-05-01T12:59:00Z'),
      asked('JFK', '2024-05-01T13:00:00Z'),
      asked('JFK', '2024-05-09T13:00:00Z'),
      asked('EWR', '2024-05-01T13:00:00Z'),
    ]
    expect(await score(lines(rows), { at: 'at' })).toMatchObject({ features: 'history' })
    const own = (await readOutput()).map((row) => Number(row.probability_1))
    const input = lines(rows)
    await score(input, { at: BEFORE_NOON })
    const [early] = (await readOutput()).map((row) => Number(row.probability_1))
    const [unknown, morning, noon, stale] = own
    expect(morning).toBe(early)
    expect(noon).not.toBe(morning)
    expect(unknown).not.toBe(morning)
    // Nothing available yet and a value past its time to live are the same to the model: missing.
    expect(stale).toBe(unknown)
  })

  test('that are missing refuse the row where the policy says so', async () => {
    await deploy({ featureView: true, deployment: { missingFeatures: 'error' } })
    const { at: _, ...row } = asked('JFK', '')
    await expect(score(lines([row]))).rejects.toMatchObject({ code: 'ROWS_REFUSED' })
    await expect(score(lines([row]), { at: BEFORE_NOON })).rejects.toMatchObject({
      code: 'FEATURE_HISTORY_MISSING',
    })
  })
})

describe('policies of the endpoint', () => {
  const far = { ...GOOD, id: 2, hour: 40 }

  test('pull numbers to the range’s end, as the gateway does', async () => {
    await deploy({ deployment: { outOfRange: 'clip' } })
    const rows = [GOOD, far, { ...far, id: 3, hour: -7 }, { ...GOOD, id: 4, hour: 22 }]
    expect(await score(lines(rows))).toMatchObject({ flagged: 2, refused: 0 })
    const written = await readOutput()
    await expectGatewayAnswers(rows, written)
    expect(written[1]?.probability_1).toBe(written[3]?.probability_1)
  })

  test('refuse texts that training did not see', async () => {
    await deploy({ deployment: { unknownCategory: 'reject' } })
    const rows = [GOOD, { ...GOOD, id: 2, carrier: 'ZZ' }, { ...GOOD, id: 3, carrier: null }]
    await expect(score(lines(rows))).rejects.toMatchObject({
      code: 'ROWS_REFUSED',
      details: { refused: 1 },
      message: expect.stringMatching(
        /row 2, carrier: expected a text that training saw \(AA, B6, DL\), got "ZZ"/,
      ),
    })
    expect(await score(lines(rows), { onInvalid: 'skip' })).toMatchObject({ predicted: 2 })
  })

  test('give missing features their defaults, online and from history', async () => {
    await deploy({ featureView: true, deployment: { missingFeatures: 'default' } })
    await addHistory()
    const { at: _, ...row } = asked('JFK', '')
    await score(lines([row]))
    const online = await readOutput()
    await expectGatewayAnswers([row], online)
    await score(lines([row]), { at: Date.parse('2020-01-01T00:00:00Z') })
    expect((await readOutput())[0]?.probability_1).toBe(online[0]?.probability_1)
    await scene.online.put('airport', [
      { keys: ['JFK'], values: { hour: 12 }, eventTimeMs: Date.now() - 7_200_000 },
    ])
    await score(lines([row]))
    expect((await readOutput())[0]?.probability_1).toBe(online[0]?.probability_1)
  })
})

describe('rows that do not fit', () => {
  const bad = [
    GOOD,
    { ...GOOD, id: 2, distance: 'far' },
    { ...GOOD, id: 3, carrier: 7 },
    { ...GOOD, id: 4, hour: 1e300 },
    { ...GOOD, id: 5, hour: null },
  ]

  test('stop the whole with their list, and nothing is written', async () => {
    await deploy()
    const failed = score(lines(bad), { stretchRows: 2 })
    await expect(failed).rejects.toMatchObject({
      code: 'ROWS_REFUSED',
      details: { refused: 3, rows: 5 },
      message: expect.stringMatching(/row 2, distance: .*"far".*row 3, carrier.*row 4, hour/),
    })
    expect(existsSync(join(folder, 'out.parquet'))).toBe(false)
  })

  test('are left out when asked', async () => {
    await deploy()
    const summary = await score(lines(bad), { onInvalid: 'skip', stretchRows: 2 })
    expect(summary).toMatchObject({ rows: 5, predicted: 2, refused: 3 })
    expect(summary.firstRefused.map(({ row, column }) => [row, column])).toEqual([
      [2, 'distance'],
      [3, 'carrier'],
      [4, 'hour'],
    ])
    expect((await readOutput()).map(({ id }) => id)).toEqual([1, 5])
  })

  test('are kept with a reason and no answer when asked', async () => {
    await deploy()
    await score(lines(bad), { onInvalid: 'keep', stretchRows: 2 })
    const written = await readOutput()
    expect(written.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5])
    expect(written[0]).toMatchObject({ problem: null })
    expect(written[1]).toMatchObject({
      prediction: null,
      decision: null,
      problem: expect.stringContaining('distance: expected a finite number'),
    })
  })

  test('by their range follow the endpoint’s policy', async () => {
    const far = lines([{ ...GOOD, distance: 90_000 }])
    await deploy({ deployment: { outOfRange: 'reject' } })
    await expect(score(far)).rejects.toMatchObject({ code: 'ROWS_REFUSED' })
    await scene.close()
    rmSync(join(folder, 'data'), { recursive: true })
    await deploy()
    expect(await score(far)).toMatchObject({ flagged: 1, predicted: 1 })
  })

  test('are found by each format’s own rules', async () => {
    await deploy()
    const csv = file(
      'rows.csv',
      'id,distance,hour,carrier,origin\n1,900,NaN,"NaN",JFK\n2,x,12,B6,JFK\n3,0x10,12,B6,JFK\n4,Infinity,12,,\n',
    )
    const { firstRefused } = await score(csv, { onInvalid: 'skip' })
    expect(firstRefused.map(({ row }) => row)).toEqual([2, 4])
    const path = join(folder, 'typed.parquet')
    await engine.writeParquet(
      `SELECT 1 AS id, TIMESTAMP '2024-05-01' AS distance, 'inf'::DOUBLE AS hour, 'B6' AS carrier,
       'JFK' AS origin`,
      path,
    )
    expect((await score(path, { onInvalid: 'skip' })).firstRefused).toMatchObject([
      { row: 1, column: 'distance' },
    ])
  })
})

describe('files that cannot be used', () => {
  test.each([
    ['rows.txt', 'x', 'ROWS_FILE_UNFIT'],
    ['rows.parquet', 'no parquet at all', 'ROWS_FILE_UNREADABLE'],
    ['rows.csv', 'id,distance,hour,carrier,origin\n1,2,3\n"open', 'ROWS_FILE_UNREADABLE'],
    ['rows.jsonl', '{"id": 1\n[}', 'ROWS_FILE_UNREADABLE'],
    ['rows.jsonl', '', 'ROWS_COLUMN_MISSING'],
    ['rows.csv', 'id,distanc\n1,2\n', 'ROWS_COLUMN_MISSING'],
  ])('are refused: %s of %j', async (name, text, code) => {
    await deploy()
    await expect(score(file(name, text))).rejects.toMatchObject({ code })
  })

  test('are refused as output', async () => {
    await deploy()
    const input = lines([GOOD])
    const refused = async (options: Partial<PredictFileOptions>, code: string) =>
      expect(score(input, options)).rejects.toMatchObject({ code })
    await refused({ output: input }, 'ROWS_FILE_UNWRITABLE')
    await refused({ output: join(folder, 'no', 'such.csv') }, 'ROWS_FILE_UNWRITABLE')
    await refused({ output: join(folder, 'out.xlsx') }, 'ROWS_FILE_UNFIT')
    await refused({ keep: ['id', 'id'] }, 'ROWS_COLUMN_TAKEN')
    await refused({ keep: ['nothing'] }, 'ROWS_COLUMN_MISSING')
    await expect(score(join(folder, 'absent.csv'))).rejects.toMatchObject({
      code: 'ROWS_FILE_UNREADABLE',
    })
  })

  test('may have any name and any column', async () => {
    await deploy()
    const odd = { ...GOOD, 'a\'b/~"c': 'kept', "'); DROP TABLE x; --": 1 }
    const summary = await score(lines([odd, odd], "it's [odd]*?.jsonl"), {
      output: join(folder, "it's [out].csv"),
      keep: ['a\'b/~"c', "'); DROP TABLE x; --"],
    })
    expect(summary.predicted).toBe(2)
    expect(existsSync(join(folder, "it's [out].csv"))).toBe(true)
  })
})
