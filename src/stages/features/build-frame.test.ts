import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Frame, frameSchema, projectSchema, type Snapshot } from '../../core/records/index.ts'
import {
  type ArtifactStore,
  openArtifactStore,
  openTableEngine,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { buildDataset } from '../preparation/index.ts'
import { buildFrame } from './build-frame.ts'
import { computeFeatureView } from './compute-feature-view.ts'

const folder = mkdtempSync(join(tmpdir(), 'esteira-frame-'))
let engine: TableEngine
let artifacts: ArtifactStore
let snapshots: Record<string, Snapshot> = {}

beforeAll(async () => {
  engine = await openTableEngine({ temporaryFolder: join(folder, 'duckdb') })
  artifacts = openArtifactStore(join(folder, 'artifacts'))
  snapshots = {
    trips: await snapshotOf('trips', TRIPS),
    weather: await snapshotOf('weather', WEATHER),
  }
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

async function snapshotOf(source: string, sql: string): Promise<Snapshot> {
  const path = join(folder, `${source}.parquet`)
  const rows = await engine.writeParquet(sql, path)
  const table = await artifacts.putFile(path, { name: `${source}.parquet` })
  const about = { source, kind: 'parquet', origin: source, asOf: null, newestKnownAt: null }
  const quarantined = { rows: 0, table: null }
  return { ...about, table, rows, columns: [], expectations: [], quarantined }
}

/** A trip an hour; weather is measured at the full hour and known 30 minutes later. */
const TRIPS = `SELECT i AS trip, TIMESTAMP '2013-01-01' + INTERVAL (i) HOURS AS asked,
  TIMESTAMP '2013-01-01' + INTERVAL (i + 2) HOURS AS arrived, hash(i) % 4 = 0 AS late,
  (hash(i * 3) % 100) / 10 AS distance, 'p' || hash(i * 5) % 3 AS place, 'k' || i % 2 AS kind
  FROM range(1000) t(i)`
const WEATHER = `SELECT 'p' || i % 3 AS place, TIMESTAMP '2013-01-01' + INTERVAL (i // 3) HOURS AS measured,
  CASE WHEN i % 7 = 0 THEN NULL ELSE CAST(hash(i * 11) % 30 AS BIGINT) END AS wind, i % 2 = 0 AS rain, 's' || i % 4 AS sky
  FROM range(3000) t(i)`

interface Written {
  readonly dataset?: object
  readonly problem?: object
  readonly view?: object
  readonly trips?: string
  readonly weather?: string
}

async function build(written: Written = {}): Promise<Frame> {
  const definition = projectSchema.shape.dataset.parse({
    sql: written.trips ?? 'SELECT * FROM trips',
    id: 'trip',
    predictionTime: 'asked',
    labelTime: 'arrived',
    inputs: ['distance', 'kind'],
    features: ['weather'],
    keep: ['place', 'kind'],
    split: { by: 'time' },
    ...written.dataset,
  })
  const problem = projectSchema.shape.problem.parse({
    statement: 'Will this trip be late?',
    type: 'binary-classification',
    target: 'late',
    ...written.problem,
  })
  const views = projectSchema.shape.featureViews.parse({
    weather: {
      entity: 'place',
      sql: written.weather ?? 'SELECT * FROM weather',
      eventTime: 'measured',
      availabilityDelay: '30m',
      timeToLive: '6h',
      ...written.view,
    },
  })
  const entities = { place: { keys: ['place'] } }
  const io = { engine, artifacts, asOfMs: null }
  const dataset = await buildDataset({ definition, problem, snapshots, ...io })
  const view = views.weather
  if (view === undefined) throw new Error('the view was written above')
  const entity = entities.place
  const weather = await computeFeatureView({ name: 'weather', view, entity, snapshots, ...io })
  const tables = { weather }
  const about = { definition, problem, dataset, tables, views, entities }
  return buildFrame({ ...about, ...io })
}

async function read(frame: Frame, part: 'train' | 'validation' | 'test') {
  const path = artifacts.pathOf(frame.parts[part].table.digest)
  const columns = await engine.describe(`SELECT * FROM read_parquet('${path}')`)
  const rows = await engine.query(`SELECT * FROM read_parquet('${path}')`)
  return { rows, columns: columns.map(({ name, type }) => `${name} ${type}`) }
}

describe('frame', () => {
  it('has a file for each part with the frame’s columns, the inputs and what is kept', async () => {
    const frame = await build()
    expect(frameSchema.parse(frame)).toEqual(frame)
    expect(frame.inputs).toEqual([
      { name: 'distance', kind: 'number', view: null },
      { name: 'kind', kind: 'text', view: null },
      { name: 'weather__wind', kind: 'number', view: 'weather' },
      { name: 'weather__rain', kind: 'number', view: 'weather' },
      { name: 'weather__sky', kind: 'text', view: 'weather' },
    ])
    const { columns, rows } = await read(frame, 'train')
    expect(columns).toEqual([
      '__id VARCHAR',
      '__prediction_time TIMESTAMP',
      '__label_time TIMESTAMP',
      '__target VARCHAR',
      '__group VARCHAR',
      'distance DOUBLE',
      'kind VARCHAR',
      'weather__wind DOUBLE',
      'weather__rain DOUBLE',
      'weather__sky VARCHAR',
      'place VARCHAR',
    ])
    expect(rows).toHaveLength(frame.parts.train.rows)
    const times = rows.map((row) => String(row.__prediction_time))
    expect(times).toEqual(times.toSorted())
    const { train, validation, test } = frame.parts
    const dropped = frame.dropped?.[0]?.rows ?? 0
    expect(train.rows + validation.rows + test.rows + dropped).toBe(1_000)
    // The label comes two hours later: one row before each boundary is not known in time.
    expect(dropped).toBe(2)
    expect(Object.values(test.classes).reduce((a, b) => a + b)).toBe(test.rows)
    expect(frame.coverage).toEqual({ weather: 1 })
    expect(frame.profile.map(({ name }) => name)).toContain('place')
    expect(frame.leakage.every((finding) => finding.passed)).toBe(true)
  })

  it('has columns that are computed from inputs and from features as they were known', async () => {
    const onDemand = {
      drag: "distance * weather__wind / if(weather__sky = 's0', 0, 2)",
      wet: 'weather__rain = 1 and distance > 5',
    }
    const frame = await build({ dataset: { onDemand } })
    expect(frameSchema.parse(frame)).toEqual(frame)
    expect(frame.inputs.slice(-2)).toEqual([
      { name: 'drag', kind: 'number', view: null, onDemand: onDemand.drag },
      { name: 'wet', kind: 'number', view: null, onDemand: onDemand.wet },
    ])
    expect(frame.profile.map(({ name }) => name)).toEqual(expect.arrayContaining(['drag', 'wet']))
    const { rows, columns } = await read(frame, 'test')
    expect(columns).toEqual(expect.arrayContaining(['drag DOUBLE', 'wet DOUBLE']))
    const expected = rows.map((row) => {
      const { distance, weather__wind: wind, weather__sky: sky, weather__rain: rain } = row
      const hasWind = typeof wind === 'number' && sky !== 's0'
      return {
        drag: hasWind ? (Number(distance) * wind) / 2 : null,
        wet:
          rain === null && Number(distance) > 5 ? null : Number(rain === 1 && Number(distance) > 5),
      }
    })
    expect(rows.map(({ drag, wet }) => ({ drag, wet }))).toEqual(expected)
    expect(rows.some(({ drag }) => drag === null) && rows.some(({ drag }) => drag !== null)).toBe(
      true,
    )
  })

  it.each([
    [{ x: 'distance +' }, 'ON_DEMAND_UNFIT'],
    [{ x: 'kind * 2' }, 'ON_DEMAND_UNFIT'],
    [{ x: 'late * 2' }, 'ON_DEMAND_UNFIT'],
    [{ Distance: 'distance * 2' }, 'INPUT_REPEATED'],
    [{ place: 'distance * 2' }, 'INPUT_REPEATED'],
    [{ __id: 'distance * 2' }, 'INPUT_REPEATED'],
    [{ late: 'distance * 2' }, 'INPUT_IS_TARGET'],
    [{ x: 'distance / 0' }, 'INPUT_ALL_MISSING'],
  ])('refuses the computed inputs %j', async (onDemand, code) => {
    await expect(build({ dataset: { onDemand } })).rejects.toMatchObject({ code })
  })

  it('joins the weather of the hour before: at the full hour it is not known yet', async () => {
    const frame = await build()
    const { rows } = await read(frame, 'validation')
    const [row] = rows
    const hour = Number(row?.__id) - 1
    const place = Number(String(row?.place).slice(1))
    expect(row?.weather__sky).toBe(`s${(3 * hour + place) % 4}`)
    expect(row?.weather__rain).toBe((3 * hour + place) % 2 === 0 ? 1 : 0)
  })

  it('is the same frame again', async () => {
    expect(await build()).toEqual(await build())
  })

  it('takes single features, and splits by group', async () => {
    const split = { by: 'group', column: 'distance', validation: 0.2, test: 0.2 }
    const frame = await build({ dataset: { features: ['weather.sky'], split } })
    expect(frame.inputs.map(({ name }) => name)).toEqual(['distance', 'kind', 'weather__sky'])
    expect(frame.parts.test.rows / 1_000).toBeCloseTo(0.2, 1)
  })

  it('works for regression and for clustering', async () => {
    const problem = { type: 'regression', target: 'distance' }
    const dataset = { inputs: ['kind'], split: { by: 'stratified' } }
    const regression = await build({ problem, dataset })
    expect(regression.classes).toEqual([])
    const clustering = await build({
      problem: { type: 'clustering', target: undefined },
      dataset: { split: { by: 'random' } },
    })
    expect((await read(clustering, 'train')).columns).not.toContain('__target VARCHAR')
  })
})

const trips = (column: string) => ({ trips: `SELECT *, ${column} FROM trips` })

describe('leakage', () => {
  it('stops at a number that gives the target away, also turned around or by being missing', async () => {
    const columns = [
      'CASE WHEN late THEN 1 ELSE 9 END + distance / 100 AS told',
      'CASE WHEN late THEN NULL ELSE distance END AS told',
      "CASE WHEN late THEN 'x' || trip % 5 ELSE 'y' || trip % 3 END AS told",
    ]
    for (const column of columns) {
      const failed = build({ ...trips(column), dataset: { inputs: ['told'] } })
      await expect(failed).rejects.toMatchObject({ code: 'LEAKAGE_FOUND', exit: 'data' })
      await expect(failed).rejects.toThrow('told alone reaches a ROC AUC of 1.000')
    }
  })

  it('lets a bound be raised', async () => {
    const told = { ...trips('late AS told'), dataset: { inputs: ['told'] } }
    await expect(build(told)).rejects.toMatchObject({ code: 'LEAKAGE_FOUND' })
    const regression = { problem: { type: 'regression', target: 'distance' } }
    const double = { ...trips('2 * distance AS told'), dataset: { inputs: ['told'] } }
    await expect(build({ ...double, ...regression })).rejects.toThrow('R² of 1.000')
  })

  it('stops at a label that was known before the prediction', async () => {
    const failed = build({
      trips: 'SELECT * REPLACE (asked - INTERVAL 1 HOUR AS arrived) FROM trips',
    })
    await expect(failed).rejects.toMatchObject({ code: 'LEAKAGE_FOUND' })
    await expect(failed).rejects.toThrow('1000 rows with labels that were known before')
  })

  it('reports rows that stand in two parts, and goes on', async () => {
    const frame = await build({ dataset: { inputs: ['kind'], features: [] } })
    const shared = frame.leakage.filter((finding) => finding.check === 'shared-rows')
    expect(shared).toMatchObject([
      { subject: 'validation', passed: false, measured: 1 },
      { subject: 'test', passed: false, measured: 1 },
    ])
  })
})

describe('bad definitions', () => {
  it.each<[string, Written, string, RegExp]>([
    ['an unknown view', { dataset: { features: ['wether'] } }, 'FEATURE_VIEW_NOT_FOUND', /wether/],
    ['an unknown feature', { dataset: { features: ['weather.wnd'] } }, 'FEATURE_NOT_FOUND', /wnd/],
    ['no inputs', { dataset: { inputs: [], features: [] } }, 'INPUTS_MISSING', /no inputs/],
    ['an input named twice', { dataset: { inputs: ['kind', 'kind'] } }, 'INPUT_REPEATED', /kind/],
    ['the target as input', { dataset: { inputs: ['late'] } }, 'INPUT_IS_TARGET', /late/],
    [
      'features without a prediction time',
      { dataset: { predictionTime: undefined, labelTime: undefined, split: { by: 'random' } } },
      'FEATURES_NEED_TIME',
      /weather/,
    ],
    [
      'keys of another kind',
      { trips: 'SELECT * REPLACE (trip AS place) FROM trips' },
      'FEATURE_KEY_UNFIT',
      /VARCHAR there but BIGINT/,
    ],
    [
      'an empty part',
      { dataset: { split: { by: 'time', validationFrom: '2013-01-20', testFrom: '2014-01-01' } } },
      'EMPTY_SPLIT',
      /test from 2014-01-01.*2013-02-11/,
    ],
    [
      'a part with one class',
      { trips: "SELECT * REPLACE (late AND asked < '2013-01-20' AS late) FROM trips" },
      'TARGET_HAS_ONE_CLASS',
      /the validation part.*"false"/,
    ],
    [
      'features that never meet the rows',
      { trips: "SELECT * REPLACE ('q' || place AS place) FROM trips" },
      'INPUT_ALL_MISSING',
      /weather__wind/,
    ],
    [
      'feature SQL that fails',
      { weather: 'SELECT * FROM wether' },
      'FEATURE_SQL_INVALID',
      /wether/,
    ],
    ['a missing event time', { view: { eventTime: 'mesured' } }, 'COLUMN_NOT_FOUND', /mesured/],
    ['a number as event time', { view: { eventTime: 'wind' } }, 'FEATURE_TIME_INVALID', /BIGINT/],
    ['a missing feature', { view: { features: ['gust'] } }, 'COLUMN_NOT_FOUND', /gust/],
    [
      'a time as feature',
      { weather: 'SELECT *, measured AS since FROM weather' },
      'INPUT_TYPE_UNFIT',
      /weather\.since/,
    ],
    [
      'an infinite feature',
      { weather: 'SELECT * REPLACE (1 / (wind - 3) AS wind) FROM weather' },
      'INPUT_INFINITE',
      /"wind"/,
    ],
    [
      'a view without features',
      { weather: 'SELECT place, measured FROM weather' },
      'FEATURES_MISSING',
      /weather/,
    ],
    [
      'a view without rows',
      { weather: 'SELECT * FROM weather WHERE false' },
      'FEATURE_VIEW_EMPTY',
      /weather/,
    ],
  ])('stop at %s', async (_, written, code, message) => {
    const failed = build(written)
    await expect(failed).rejects.toMatchObject({ code })
    await expect(failed).rejects.toThrow(message)
  })
})
