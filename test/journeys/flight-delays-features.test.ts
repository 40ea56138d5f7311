/**
 * The feature views of the example, recomputed by brute force from the raw rows: every value that a
 * prediction would see, from nothing but facts that had happened by then.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { datasetSql } from '../../examples/flight-delays/dataset.ts'
import type { featureViews } from '../../examples/flight-delays/feature-views.ts'
import type { Project } from '../../src/core/records/index.ts'
import { type Duration, durationMs } from '../../src/core/time/index.ts'
import { loadProject } from '../../src/platform/project-file/index.ts'
import { openTableEngine, type TableEngine } from '../../src/platform/storage/index.ts'

const example = path.join(import.meta.dirname, '../../examples/flight-delays')
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The decisions checked, and the raw rows around them: a month before and a week after. */
const DECISIONS = ['2013-02-07', '2013-02-12'] as const // a snowstorm closed the airports on the 8th
const ROWS = ['2013-01-05', '2013-02-20'] as const

type Keys = Record<'origin' | 'carrier' | 'dest' | 'flight' | 'tailnum', string | null>
interface Flight extends Keys {
  readonly scheduled: number
  readonly known: number
  readonly cancelled: boolean
  readonly departureDelay: number | null
  readonly arrivalDelay: number | null
}
interface Decision extends Keys {
  readonly id: string
  readonly at: number
}
type Values = Record<string, number | null>

let folder: string
let engine: TableEngine
let flights: Flight[]
let decisions: Decision[]
let project: Project

beforeAll(async () => {
  ;({ project } = await loadProject(example))
  folder = await mkdtemp(path.join(tmpdir(), 'flight-features-'))
  engine = await openTableEngine({ temporaryFolder: path.join(folder, 'spill') })
  const file = (name: string) => `'${path.join(example, 'data', name)}'`
  await engine.execute(`CREATE TABLE flights AS SELECT * FROM ${file('flights.parquet')}
    WHERE time_hour BETWEEN '${ROWS[0]}' AND '${ROWS[1]}'`)
  for (const name of ['weather', 'planes', 'airports']) {
    await engine.execute(`CREATE VIEW ${name} AS SELECT * FROM ${file(`${name}.parquet`)}`)
  }
  await engine.execute(`CREATE VIEW airlines AS SELECT * FROM read_csv(${file('airlines.csv')})`)
  await engine.execute(`CREATE TABLE decisions AS SELECT * FROM (${datasetSql})
    WHERE predicted_at BETWEEN '${DECISIONS[0]}' AND '${DECISIONS[1]}'
    ORDER BY hash(id) LIMIT 250`)
  flights = await engine.query<Flight>(`SELECT
    origin, carrier, dest, flight::VARCHAR AS flight, tailnum,
    epoch_ms(time_hour) + minute * 60000 AS scheduled, epoch_ms(known_at) AS known,
    dep_time IS NULL AS cancelled, dep_delay AS "departureDelay", arr_delay AS "arrivalDelay"
    FROM flights`)
  decisions = await engine.query<Decision>(
    `SELECT id, origin, carrier, dest, flight, tailnum, epoch_ms(predicted_at) AS at FROM decisions`,
  )
})

afterAll(async () => {
  engine.close()
  await rm(folder, { recursive: true, force: true })
})

/** What the view gives each decision, looked up by the rule of availability and time to live. */
async function lookUp(name: keyof typeof featureViews): Promise<Map<string, Values>> {
  const view = project.featureViews[name]
  const keys = project.entities[view?.entity ?? '']?.keys
  if (view === undefined || keys === undefined) throw new Error(`no view ${name}`)
  const rows = await engine.query<Values & { id: string }>(`
    SELECT id, facts.* EXCLUDE (${keys.join(', ')}, ${view.eventTime})
    FROM decisions ASOF JOIN (${view.sql}) AS facts
      ON ${keys.map((key) => `decisions.${key} = facts.${key}`).join(' AND ')}
      AND predicted_at >= facts.${view.eventTime} + ${milliseconds(view.availabilityDelay)}
    WHERE ${view.timeToLive === undefined ? 'true' : `facts.${view.eventTime} + ${milliseconds(view.timeToLive)} >= predicted_at`}`)
  return new Map(rows.map(({ id, ...values }) => [id, values]))
}

const milliseconds = (duration: Duration) => `INTERVAL (${durationMs(duration)}) MILLISECONDS`

interface Fact {
  readonly at: number
  readonly flight: Flight
}

/** When a flight left, or its cancellation was known. */
const left = (flight: Flight): Fact => ({
  at: flight.cancelled ? flight.known : flight.scheduled + (flight.departureDelay ?? 0) * 60_000,
  flight,
})
const ended = (flight: Flight): Fact => ({ at: flight.known, flight })

/** Facts of the decision's entity up to its time; the newest one anchors the look back. */
function past(decision: Decision, keys: readonly (keyof Keys)[], fact: (flight: Flight) => Fact) {
  const facts = flights
    .filter((flight) => keys.every((key) => flight[key] === decision[key]))
    .map(fact)
    .filter(({ at }) => at <= decision.at)
  const anchor = Math.max(...facts.map(({ at }) => at))
  return {
    anchor,
    within: (span: number) =>
      facts.filter(({ at }) => at >= anchor - span).map(({ flight }) => flight),
  }
}

function mean(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null)
  return present.length === 0 ? null : present.reduce((sum, each) => sum + each, 0) / present.length
}

function departuresBefore(keys: readonly (keyof Keys)[], decision: Decision): Values | undefined {
  const { anchor, within } = past(decision, keys, left)
  if (decision.at - anchor > 8 * HOUR) return undefined
  const delays = within(3 * HOUR).map(({ departureDelay }) => departureDelay)
  return {
    mean_departure_delay_1h: mean(within(HOUR).map(({ departureDelay }) => departureDelay)),
    mean_departure_delay_3h: mean(delays),
    delayed_share_3h: mean(delays.map((delay) => (delay === null ? null : Number(delay >= 15)))),
    cancelled_share_3h: mean(within(3 * HOUR).map(({ cancelled }) => Number(cancelled))),
  }
}

interface Arrivals {
  readonly keys: readonly (keyof Keys)[]
  readonly short: number
  readonly long: number
  readonly live: number
}

function arrivalsBefore({ keys, short, long, live }: Arrivals, decision: Decision) {
  const { anchor, within } = past(decision, keys, ended)
  if (decision.at - anchor > live) return undefined
  const late = (flight: Flight) => Number(flight.arrivalDelay === null || flight.arrivalDelay >= 15)
  return {
    mean_arrival_delay: mean(within(short).map(({ arrivalDelay }) => arrivalDelay)),
    late_share: mean(within(short).map(late)),
    late_share_long: mean(within(long).map(late)),
  }
}

function aircraftBefore(decision: Decision): Values | undefined {
  const flown = flights.filter(({ tailnum }) => tailnum === decision.tailnum)
  const departures = flown.filter(({ cancelled }) => !cancelled).map(left)
  const arrivals = flown.filter(({ arrivalDelay }) => arrivalDelay !== null).map(ended)
  const happened = [...departures, ...arrivals]
    .map(({ at }) => at)
    .filter((at) => at <= decision.at)
  const anchor = Math.max(...happened)
  if (decision.at - anchor > 18 * HOUR) return undefined
  const day = (facts: readonly Fact[]) =>
    facts
      .filter(({ at }) => at <= anchor && at >= anchor - 18 * HOUR)
      .toSorted((one, other) => other.at - one.at)
  return {
    last_departure_delay: day(departures)[0]?.flight.departureDelay ?? null,
    last_arrival_delay: day(arrivals)[0]?.flight.arrivalDelay ?? null,
    departures_18h: day(departures).length,
  }
}

const ROUTE = ['carrier', 'origin', 'dest'] as const
const NUMBER = ['carrier', 'flight', 'origin'] as const
const route = { keys: ROUTE, short: DAY, long: 30 * DAY, live: 7 * DAY }
const number = { keys: NUMBER, short: 7 * DAY, long: 30 * DAY, live: 30 * DAY }
const carrier = { keys: ['carrier'], short: DAY, long: 7 * DAY, live: 2 * DAY } as const

test.each([
  ['origin_recent', (decision: Decision) => departuresBefore(['origin'], decision)],
  ['carrier_origin_recent', (decision) => departuresBefore(['carrier', 'origin'], decision)],
  ['carrier_recent', (decision) => arrivalsBefore(carrier, decision)],
  ['route_recent', (decision) => arrivalsBefore(route, decision)],
  ['flight_recent', (decision) => arrivalsBefore(number, decision)],
  ['aircraft_recent', aircraftBefore],
] as [keyof typeof featureViews, (decision: Decision) => Values | undefined][])(
  '%s holds what had happened by the prediction, and nothing more',
  async (name, recompute) => {
    const seen = await lookUp(name)
    expect(seen.size).toBeGreaterThan(80)
    for (const decision of decisions) {
      const expected = recompute(decision)
      const actual = seen.get(decision.id)
      expect(Object.keys(actual ?? {}).toSorted()).toEqual(Object.keys(expected ?? {}).toSorted())
      for (const [feature, value] of Object.entries(expected ?? {})) {
        const where = `${decision.id} ${feature}`
        if (value === null) expect(actual?.[feature], where).toBeNull()
        else expect(actual?.[feature], where).toBeCloseTo(value, 9)
      }
    }
  },
)

test('origin_weather is the newest observation that is at least an hour old', async () => {
  const seen = await lookUp('origin_weather')
  const newest = await engine.query<{ id: string; temp: number; visib: number; rain: number }>(`
    SELECT id, temp, visib, (SELECT sum(precip) FROM weather AS before
      WHERE before.origin = weather.origin AND before.time_hour <= weather.time_hour
        AND before.time_hour >= weather.time_hour - INTERVAL 2 HOUR) AS rain
    FROM decisions JOIN weather ON weather.origin = decisions.origin
      AND weather.time_hour = (SELECT max(time_hour) FROM weather AS other
        WHERE other.origin = decisions.origin AND other.known_at <= predicted_at)`)
  expect(newest.length).toBe(decisions.length)
  for (const { id, temp, visib, rain } of newest) {
    expect(seen.get(id)).toMatchObject({ temperature_f: temp, visibility_mi: visib })
    expect(seen.get(id)?.precipitation_3h_in).toBeCloseTo(rain, 4)
  }
})

test('every view has one row per entity and instant', async () => {
  for (const [name, view] of Object.entries(project.featureViews)) {
    const keys = project.entities[view.entity]?.keys ?? []
    const [rows] = await engine.query(
      `SELECT count(*) = count(DISTINCT (${[...keys, view.eventTime].join(', ')})) AS single
       FROM (${view.sql})`,
    )
    expect([name, rows]).toEqual([name, { single: true }])
  }
})

test('plane_facts are known for most aircraft and never grow stale', async () => {
  const seen = await lookUp('plane_facts')
  expect(seen.size / decisions.length).toBeGreaterThan(0.7)
  for (const values of seen.values()) {
    expect(Object.keys(values).toSorted()).toEqual(['seats', 'year_built'])
  }
})
