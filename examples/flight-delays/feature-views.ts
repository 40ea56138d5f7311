/**
 * What was known two hours before departure, as SQL over the sources.
 *
 * Each view yields facts with the instant at which they became facts; windows look back from there
 * (`RANGE … PRECEDING AND CURRENT ROW`), so no row depends on a later one. Facts of one instant are
 * merged first: then a view has one row per entity and instant.
 *
 * A departure is a fact when the aircraft leaves, an arrival when it lands, a cancellation or a
 * diversion at the row's `known_at`.
 */
import { featureView } from 'esteira'

/** Flights that left, at the instant they left, and flights cancelled, at the instant that was known. */
const departureFacts = `
  SELECT
    origin, carrier, tailnum, distance,
    CASE WHEN dep_time IS NULL THEN known_at
      ELSE time_hour + to_minutes(minute) + to_minutes(dep_delay) END AS happened_at,
    dep_delay,
    (dep_time IS NULL)::INTEGER AS cancelled
  FROM flights`

/** Flights whose end is known; `late` as in the target. */
const arrivalFacts = `
  SELECT
    origin, dest, carrier, flight::VARCHAR AS flight,
    known_at AS happened_at,
    arr_delay,
    (arr_delay IS NULL OR arr_delay >= 15)::INTEGER AS late
  FROM flights`

/** Rolling departures of whatever `keys` name. */
const rollingDepartures = (keys: string): string => `
  WITH facts AS (${departureFacts}),
  instants AS (
    SELECT
      ${keys}, happened_at,
      coalesce(sum(dep_delay), 0)::DOUBLE AS delay,
      count(dep_delay)::DOUBLE AS departed,
      count(*) FILTER (dep_delay >= 15)::DOUBLE AS delayed,
      sum(cancelled)::DOUBLE AS cancelled
    FROM facts GROUP BY ${keys}, happened_at
  ),
  rolling AS (
    SELECT
      ${keys}, happened_at,
      sum(delay) OVER hour AS delay_1h,
      sum(departed) OVER hour AS departed_1h,
      sum(delay) OVER hours AS delay_3h,
      sum(departed) OVER hours AS departed_3h,
      sum(delayed) OVER hours AS delayed_3h,
      sum(cancelled) OVER hours AS cancelled_3h
    FROM instants
    WINDOW
      hour AS (PARTITION BY ${keys} ORDER BY happened_at
        RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW),
      hours AS (PARTITION BY ${keys} ORDER BY happened_at
        RANGE BETWEEN INTERVAL 3 HOUR PRECEDING AND CURRENT ROW)
  )
  SELECT
    ${keys}, happened_at,
    delay_1h / nullif(departed_1h, 0) AS mean_departure_delay_1h,
    delay_3h / nullif(departed_3h, 0) AS mean_departure_delay_3h,
    delayed_3h / nullif(departed_3h, 0) AS delayed_share_3h,
    cancelled_3h / (departed_3h + cancelled_3h) AS cancelled_share_3h
  FROM rolling`

/** Rolling arrivals of whatever `keys` name, over a short and a long look back. */
const rollingArrivals = (keys: string, short: string, long: string): string => `
  WITH facts AS (${arrivalFacts}),
  instants AS (
    SELECT
      ${keys}, happened_at,
      coalesce(sum(arr_delay), 0)::DOUBLE AS delay,
      count(arr_delay)::DOUBLE AS landed,
      sum(late)::DOUBLE AS late,
      count(*)::DOUBLE AS flights
    FROM facts GROUP BY ${keys}, happened_at
  ),
  rolling AS (
    SELECT
      ${keys}, happened_at,
      sum(delay) OVER short AS delay_short,
      sum(landed) OVER short AS landed_short,
      sum(late) OVER short AS late_short,
      sum(flights) OVER short AS flights_short,
      sum(late) OVER long AS late_long,
      sum(flights) OVER long AS flights_long
    FROM instants
    WINDOW
      short AS (PARTITION BY ${keys} ORDER BY happened_at
        RANGE BETWEEN INTERVAL ${short} PRECEDING AND CURRENT ROW),
      long AS (PARTITION BY ${keys} ORDER BY happened_at
        RANGE BETWEEN INTERVAL ${long} PRECEDING AND CURRENT ROW)
  )
  SELECT
    ${keys}, happened_at,
    delay_short / nullif(landed_short, 0) AS mean_arrival_delay,
    late_short / flights_short AS late_share,
    late_long / flights_long AS late_share_long
  FROM rolling`

const weatherSql = `
  SELECT
    origin,
    time_hour AS observed_at,
    temp AS temperature_f,
    humid AS humidity,
    wind_speed AS wind_speed_mph,
    coalesce(wind_gust, wind_speed) AS wind_gust_mph,
    -- Rounded, so that the order of adding cannot show in the last bits.
    round(sum(precip) OVER (PARTITION BY origin ORDER BY time_hour
      RANGE BETWEEN INTERVAL 2 HOUR PRECEDING AND CURRENT ROW), 4) AS precipitation_3h_in,
    pressure AS pressure_mb,
    visib AS visibility_mi
  FROM weather`

const aircraftSql = `
  WITH facts AS (
    SELECT
      tailnum,
      time_hour + to_minutes(minute) + to_minutes(dep_delay) AS happened_at,
      dep_delay, NULL AS arr_delay
    FROM flights WHERE dep_delay IS NOT NULL AND tailnum IS NOT NULL
    UNION ALL
    SELECT tailnum, known_at, NULL, arr_delay
    FROM flights WHERE arr_delay IS NOT NULL AND tailnum IS NOT NULL
  ),
  instants AS (
    SELECT tailnum, happened_at, max(dep_delay) AS dep_delay, max(arr_delay) AS arr_delay
    FROM facts GROUP BY tailnum, happened_at
  )
  SELECT
    tailnum, happened_at,
    (last_value(dep_delay IGNORE NULLS) OVER day)::DOUBLE AS last_departure_delay,
    (last_value(arr_delay IGNORE NULLS) OVER day)::DOUBLE AS last_arrival_delay,
    (count(dep_delay) OVER day)::DOUBLE AS departures_18h
  FROM instants
  WINDOW day AS (PARTITION BY tailnum ORDER BY happened_at
    RANGE BETWEEN INTERVAL 18 HOUR PRECEDING AND CURRENT ROW)`

/** The register is one undated list, so it counts as known from before the first flight. */
const planeSql = `
  SELECT
    tailnum,
    TIMESTAMP '2012-01-01' AS listed_at,
    year::DOUBLE AS year_built,
    seats::DOUBLE AS seats
  FROM planes`

export const featureViews = {
  origin_weather: featureView({
    description: 'The last weather observed at the origin; published an hour after.',
    entity: 'origin',
    sql: weatherSql,
    eventTime: 'observed_at',
    availabilityDelay: '1h',
    timeToLive: '6h',
  }),
  origin_recent: featureView({
    description: 'How departures from the origin have been going in the last hours.',
    entity: 'origin',
    sql: rollingDepartures('origin'),
    eventTime: 'happened_at',
    timeToLive: '8h',
  }),
  carrier_origin_recent: featureView({
    description: "How the carrier's own departures from the origin have been going.",
    entity: 'carrier_origin',
    sql: rollingDepartures('carrier, origin'),
    eventTime: 'happened_at',
    timeToLive: '8h',
  }),
  carrier_recent: featureView({
    description: "The carrier's arrivals: 24 hours, and late share over 7 days.",
    entity: 'carrier',
    sql: rollingArrivals('carrier', '24 HOUR', '7 DAY'),
    eventTime: 'happened_at',
    timeToLive: '2d',
  }),
  route_recent: featureView({
    description: "The carrier's arrivals on this route: 24 hours, and late share over 30 days.",
    entity: 'route',
    sql: rollingArrivals('carrier, origin, dest', '24 HOUR', '30 DAY'),
    eventTime: 'happened_at',
    timeToLive: '7d',
  }),
  flight_recent: featureView({
    description: 'Arrivals of this very flight number: 7 days, and late share over 30 days.',
    entity: 'flight_number',
    sql: rollingArrivals('carrier, flight, origin', '7 DAY', '30 DAY'),
    eventTime: 'happened_at',
    timeToLive: '30d',
  }),
  aircraft_recent: featureView({
    description: 'What this aircraft has done since the morning, on flights from New York.',
    entity: 'aircraft',
    sql: aircraftSql,
    eventTime: 'happened_at',
    timeToLive: '18h',
  }),
  plane_facts: featureView({
    description: "The aircraft's build year and seats, from the register.",
    entity: 'aircraft',
    sql: planeSql,
    eventTime: 'listed_at',
  }),
}
