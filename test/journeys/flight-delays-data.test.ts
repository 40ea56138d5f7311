import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { datasetSql } from '../../examples/flight-delays/dataset.ts'
import { loadProject } from '../../src/platform/project-file/index.ts'
import {
  openTableEngine,
  quoteLiteral,
  type TableEngine,
} from '../../src/platform/storage/index.ts'

const example = path.join(import.meta.dirname, '../../examples/flight-delays')
const data = path.join(example, 'data')

let folder: string
let engine: TableEngine

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'flight-delays-'))
  engine = await openTableEngine({ temporaryFolder: path.join(folder, 'spill') })
  for (const name of ['flights', 'weather', 'planes', 'airports']) {
    await engine.register(name, path.join(data, `${name}.parquet`))
  }
  const airlines = quoteLiteral(path.join(data, 'airlines.csv'))
  await engine.execute(`CREATE VIEW airlines AS SELECT * FROM read_csv(${airlines})`)
  await engine.execute(`CREATE TABLE decisions AS ${datasetSql}`)
})

afterAll(async () => {
  engine.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the files', () => {
  test('are the ones whose digests DATA.md names', () => {
    const named = new Map(
      [...readFileSync(path.join(example, 'DATA.md'), 'utf8').matchAll(DIGEST_ROW)].map(
        ([, name, digest]) => [name, digest],
      ),
    )
    for (const name of readdirSync(data)) {
      const digest = createHash('sha256')
        .update(readFileSync(path.join(data, name)))
        .digest('hex')
      expect([name, digest]).toEqual([name, named.get(name)])
    }
  })

  test('hold the rows that the package holds', async () => {
    expect(
      await engine.query(`SELECT
        (SELECT count(*) FROM flights) AS flights, (SELECT count(*) FROM weather) AS weather,
        (SELECT count(*) FROM planes) AS planes, (SELECT count(*) FROM airports) AS airports,
        (SELECT count(*) FROM airlines) AS airlines`),
    ).toEqual([{ flights: 336_776, weather: 26_115, planes: 3_322, airports: 1_458, airlines: 16 }])
  })

  test('name an aircraft for every flight that was not cancelled, and not for all others', async () => {
    expect(
      await engine.query(`SELECT count(*) AS missing, count(dep_time) AS left_new_york
        FROM flights WHERE tailnum IS NULL`),
    ).toEqual([{ missing: 2_512, left_new_york: 0 }])
  })
})

describe('the dataset', () => {
  test('has one row per flight under an id of its own', async () => {
    expect(
      await engine.query(`SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(late) AS late,
        count(*) FILTER (carrier_name IS NULL) AS unnamed FROM decisions`),
    ).toEqual([{ n: 336_776, ids: 336_776, late: 89_530, unnamed: 0 }])
    expect(
      await engine.query(`SELECT predicted_at, labelled_at, block_minutes, departure_minute, late
        FROM decisions WHERE id = '2013-01-01_UA_1545_EWR_0515'`),
    ).toEqual([
      {
        // 05:15 in New York is 10:15 UTC; 08:19 in Houston plus 11 minutes is 14:30 UTC.
        predicted_at: '2013-01-01T08:15:00.000Z',
        labelled_at: '2013-01-01T14:30:00.000Z',
        block_minutes: 244,
        departure_minute: 315,
        late: 0,
      },
    ])
  })

  test('agrees with known_at, which was made by other code, on when every flight landed', async () => {
    expect(
      await engine.query(`SELECT count(*) AS flights,
        count(*) FILTER (flights.known_at <> predicted_at + INTERVAL 2 HOUR + CASE
          WHEN dep_time IS NULL THEN INTERVAL 2 HOUR
          WHEN arr_delay IS NULL THEN to_minutes(block_minutes::BIGINT) + INTERVAL 6 HOUR
          ELSE to_minutes(block_minutes::BIGINT + arr_delay) END) AS disagreeing
        FROM ${withFlights}`),
    ).toEqual([{ flights: 336_776, disagreeing: 0 }])
  })

  test('leaves a plausible time on the ground between the clock and the time in the air', async () => {
    const [taxi] = await engine.query<Record<'least' | 'half' | 'most', number>>(`
      SELECT min(taxi) AS least, median(taxi) AS half, max(taxi) AS most FROM (
        SELECT block_minutes + arr_delay - dep_delay - air_time AS taxi FROM ${withFlights})`)
    expect(taxi).toEqual({ least: 5, half: 28, most: 235 })
  })

  test('does not depend on the order of the rows or on flights that were scheduled later', async () => {
    const before = `SELECT * FROM decisions WHERE predicted_at < TIMESTAMP '2013-02-01'`
    // Three hours on, so that the flights of the last decisions' own hour are there.
    const flights = `(SELECT * FROM flights WHERE time_hour < TIMESTAMP '2013-02-01 03:00:00'
      ORDER BY hash(flight, time_hour))`
    const again = datasetSql.replaceAll('FROM flights', `FROM ${flights} AS flights`)
    expect(again).not.toBe(datasetSql)
    const [difference] = await engine.query<{ rows: number }>(
      `SELECT count(*) AS rows FROM (${before} EXCEPT SELECT * FROM (${again}))`,
    )
    expect(difference).toEqual({ rows: 0 })
  })

  test('never knows a label before its prediction', async () => {
    const [label] = await engine.query<{ minutes: number }>(
      `SELECT min(date_diff('minute', predicted_at, labelled_at)) AS minutes FROM decisions`,
    )
    expect(label?.minutes).toBeGreaterThan(120)
  })
})

test('the project file is valid', async () => {
  const { project } = await loadProject(example)
  expect(Object.values(project.sources).map(({ kind }) => kind)).toEqual([
    'parquet',
    'parquet',
    'csv',
    'sql',
    'http-json',
  ])
  expect(Object.keys(project.featureViews)).toEqual(project.dataset.features)
})

const DIGEST_ROW = /\| `([\w.]+)`\s*\| `([0-9a-f]{64})`\s*\|/g

const withFlights = `decisions JOIN flights ON decisions.id = format(
  '{:04d}-{:02d}-{:02d}_{}_{}_{}_{:04d}', year, month, day,
  flights.carrier, flights.flight, flights.origin, sched_dep_time)`
