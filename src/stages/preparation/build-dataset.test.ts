import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { datasetRecordSchema, projectSchema, type Snapshot } from '../../core/records/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { buildDataset } from './build-dataset.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-dataset-'))
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

async function snapshotOf(sql: string): Promise<Snapshot> {
  const path = join(folder, 'rows.parquet')
  const rows = await engine.writeParquet(sql, path)
  const table = await artifacts.putFile(path, { name: 'rows.parquet' })
  const about = { source: 'rows', kind: 'parquet', origin: 'rows.parquet', asOf: null }
  const quarantined = { rows: 0, table: null }
  return { ...about, table, rows, columns: [], expectations: [], quarantined, newestKnownAt: null }
}

/** Eight decisions, written out of order; row 7's label is not there, row 6's is known late. */
const ROWS = `SELECT 'r' || i AS id, TIMESTAMP '2013-01-01' + INTERVAL (i) DAYS AS asked,
  TIMESTAMP '2013-01-02' + INTERVAL (CASE WHEN i = 6 THEN 60 ELSE i END) DAYS AS known,
  CASE WHEN i = 7 THEN NULL ELSE i % 2 = 0 END AS late, i / 2 AS x, 'c' || i % 3 AS c
  FROM (SELECT unnest([3, 1, 7, 5, 6, 4, 2, 0]) AS i)`

interface Written {
  readonly rows?: string
  readonly dataset?: object
  readonly problem?: object
  readonly asOf?: string
}

async function build(written: Written = {}) {
  const definition = projectSchema.shape.dataset.parse({
    sql: 'SELECT * FROM rows',
    id: 'id',
    predictionTime: 'asked',
    labelTime: 'known',
    inputs: ['x', 'c'],
    ...written.dataset,
  })
  const problem = projectSchema.shape.problem.parse({
    statement: 'Will this be late, yes or no?',
    type: 'binary-classification',
    target: 'late',
    ...written.problem,
  })
  const snapshots = { rows: await snapshotOf(written.rows ?? ROWS) }
  const asOfMs = Date.parse(written.asOf ?? '2013-02-01T00:00:00Z')
  const record = await buildDataset({ definition, problem, snapshots, engine, artifacts, asOfMs })
  expect(datasetRecordSchema.parse(record)).toEqual(record)
  return record
}

async function read(digest: string) {
  return engine.query(`SELECT * FROM read_parquet('${artifacts.pathOf(digest)}')`)
}

describe('dataset', () => {
  it('holds the labelled rows in order of prediction time, and counts the others with why', async () => {
    const record = await build()
    const rows = await read(record.table.digest)
    expect(rows.map((row) => row.__id)).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5'])
    expect(rows[1]).toEqual({
      __id: 'r1',
      __prediction_time: '2013-01-02T00:00:00.000Z',
      __label_time: '2013-01-03T00:00:00.000Z',
      __target: 'false',
      __group: null,
      id: 'r1',
      asked: '2013-01-02T00:00:00.000Z',
      known: '2013-01-03T00:00:00.000Z',
      late: false,
      x: 0.5,
      c: 'c1',
    })
    expect(record).toMatchObject({
      classes: ['false', 'true'],
      positiveClass: 'true',
      newestPredictionTime: '2013-01-06T00:00:00.000Z',
      dropped: [
        { why: 'label is missing', rows: 1 },
        { why: 'label is not known at the data horizon', rows: 1 },
      ],
    })
    expect(await build()).toEqual(record)
  })

  it('knows no decision from the horizon on', async () => {
    const record = await build({ asOf: '2013-01-04T00:00:00Z' })
    expect(record.rows).toBe(2)
    expect(record.dropped).toEqual([
      { why: 'prediction time is not before the data horizon', rows: 5 },
      { why: 'label is not known at the data horizon', rows: 1 },
    ])
  })

  it('writes classes as texts whatever the column’s type', async () => {
    const target = (sql: string) => `SELECT * REPLACE (${sql} AS late) FROM (${ROWS})`
    const classesOf = async (sql: string, problem = {}) => {
      const { classes, positiveClass } = await build({ rows: target(sql), problem })
      return [...classes, positiveClass]
    }
    expect(await classesOf('CAST(late AS INTEGER)')).toEqual(['0', '1', '1'])
    expect(await classesOf('CAST(late AS DOUBLE)', { positiveClass: 0 })).toEqual(['0', '1', '0'])
    const yes = { positiveClass: 'yes' }
    expect(await classesOf("CASE WHEN late THEN 'yes' ELSE 'no' END", yes)).toEqual([
      'no',
      'yes',
      'yes',
    ])
    const many = { type: 'multiclass-classification', target: 'c' }
    expect((await build({ problem: many })).classes).toEqual(['c0', 'c1', 'c2'])
  })

  it('keeps numbers for regression and needs no target for clustering', async () => {
    const regression = await build({ problem: { type: 'regression', target: 'x' } })
    const [row] = await read(regression.table.digest)
    expect(row?.__target).toBe(0)
    const clustering = await build({ problem: { type: 'clustering', target: undefined } })
    expect(clustering.classes).toEqual([])
    expect(Object.keys((await read(clustering.table.digest))[0] ?? {})).not.toContain('__target')
  })
})

const replaced = (sql: string) => ({ rows: `SELECT * REPLACE (${sql}) FROM (${ROWS})` })

describe('bad data', () => {
  it.each<[string, Written, string, RegExp]>([
    ['SQL that fails', { dataset: { sql: 'SELECT * FROM row' } }, 'DATASET_SQL_INVALID', /row/],
    ['an input that is not there', { dataset: { inputs: ['y', 'cc'] } }, 'COLUMN_NOT_FOUND', /"y"/],
    ['a kept column that is not there', { dataset: { keep: ['z'] } }, 'COLUMN_NOT_FOUND', /"z"/],
    ['a target that is not there', { problem: { target: 'lat' } }, 'COLUMN_NOT_FOUND', /"lat"/],
    ['no target', { problem: { target: undefined } }, 'TARGET_UNDECLARED', /target/],
    ['one class', replaced('true AS late'), 'TARGET_HAS_ONE_CLASS', /"true": 7/],
    [
      'three classes for a yes or no',
      { problem: { target: 'c', positiveClass: 'c1' } },
      'TARGET_HAS_MANY_CLASSES',
      /3 classes/,
    ],
    [
      'an unknown positive class',
      { problem: { positiveClass: 'yes' } },
      'POSITIVE_CLASS_UNKNOWN',
      /yes/,
    ],
    [
      'a text to regress on',
      { problem: { type: 'regression', target: 'c' } },
      'TARGET_TYPE_UNFIT',
      /VARCHAR/,
    ],
    ['fractions as classes', { problem: { target: 'x' } }, 'TARGET_TYPE_UNFIT', /0\.5/],
    ['repeated ids', { dataset: { id: 'c' } }, 'DATASET_ID_INVALID', /"c"/],
    ['a missing id', replaced("nullif(id, 'r3') AS id"), 'DATASET_ID_INVALID', /1 null/],
    [
      'an infinite input',
      replaced('1 / (x - 1) AS x'),
      'INPUT_INFINITE',
      /"x" is infinite in 1 row/,
    ],
    ['an empty input', replaced('NULL::DOUBLE AS x'), 'INPUT_ALL_MISSING', /"x"/],
    [
      'an input that is a time',
      { dataset: { inputs: ['asked'] } },
      'INPUT_TYPE_UNFIT',
      /TIMESTAMP/,
    ],
    ['a number as a time', { dataset: { predictionTime: 'x' } }, 'DATASET_TIME_INVALID', /DOUBLE/],
    [
      'a reserved name',
      { dataset: { sql: 'SELECT *, 1 AS __id FROM rows' } },
      'DATASET_COLUMN_RESERVED',
      /__id/,
    ],
    ['no rows', { asOf: '2012-01-01T00:00:00Z' }, 'DATASET_EMPTY', /8 because/],
  ])('stops at %s', async (_, written, code, message) => {
    const failed = build(written)
    await expect(failed).rejects.toMatchObject({ code })
    await expect(failed).rejects.toThrow(message)
  })

  it('looks for the keys of the views it uses', async () => {
    const views = projectSchema.shape.featureViews.parse({
      plane: { entity: 'tail', sql: 'SELECT 1', eventTime: 't' },
    })
    const definition = projectSchema.shape.dataset.parse({
      sql: 'SELECT * FROM rows',
      id: 'id',
      features: ['plane.age'],
    })
    const problem = { statement: 'Groups of alike rows', type: 'clustering' }
    await expect(
      buildDataset({
        definition,
        problem: projectSchema.shape.problem.parse(problem),
        entities: { tail: { keys: ['tailnum'] } },
        views,
        snapshots: { rows: await snapshotOf(ROWS) },
        engine,
        artifacts,
        asOfMs: null,
      }),
    ).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND', details: { column: 'tailnum' } })
  })
})
