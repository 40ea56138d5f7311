/**
 * One row per flight, as it stood two hours before its scheduled departure.
 *
 * Everything here is the published schedule, save the target and the label's time. Instants are
 * UTC. The published schedule gives the arrival as a clock time at the destination, so the instant
 * is the first one after the departure at which that clock shows it.
 */

/** Destinations missing in `airports`; all four keep Atlantic time the year round. */
const UNLISTED_ZONE = 'America/Puerto_Rico'

/**
 * The schedule with both instants, as common table expressions. Time zones are looked up once for
 * each zone and hour, not for each flight: that is most of the work.
 */
const scheduled = `
placed AS (
  SELECT flights.*, coalesce(airports.tzone, '${UNLISTED_ZONE}') AS zone
  FROM flights LEFT JOIN airports ON airports.faa = flights.dest
),
leaving AS (
  SELECT zone, time_hour, timezone(zone, timezone('UTC', time_hour)) AS local_hour
  FROM (SELECT DISTINCT zone, time_hour FROM placed)
),
clocked AS (
  SELECT
    *,
    local_hour + to_minutes(minute) AS local_departure,
    date_trunc('day', local_departure)
      + to_minutes(sched_arr_time // 100 * 60 + sched_arr_time % 100) AS same_day,
    CASE WHEN same_day > local_departure THEN same_day ELSE same_day + INTERVAL 1 DAY END
      AS local_arrival,
    date_trunc('hour', local_arrival) AS local_arrival_hour
  FROM placed JOIN leaving USING (zone, time_hour)
),
landing AS (
  SELECT zone, local_arrival_hour,
    timezone('UTC', timezone(zone, local_arrival_hour)) AS arrival_hour
  FROM (SELECT DISTINCT zone, local_arrival_hour FROM clocked)
),
scheduled AS (
  SELECT
    *,
    time_hour + to_minutes(minute) AS scheduled_departure,
    arrival_hour + (local_arrival - local_arrival_hour) AS scheduled_arrival
  FROM clocked JOIN landing USING (zone, local_arrival_hour)
)`

export const datasetSql = `
WITH ${scheduled}
SELECT
  format('{:04d}-{:02d}-{:02d}_{}_{}_{}_{:04d}',
    year, month, day, carrier, flight, origin, sched_dep_time) AS id,
  scheduled_departure - INTERVAL 2 HOUR AS predicted_at,
  known_at AS labelled_at,

  -- What the caller sends: the schedule.
  origin,
  dest,
  carrier,
  strftime(make_date(year, month, day), '%a') AS day_of_week,
  (hour * 60 + minute)::DOUBLE AS departure_minute,
  date_diff('minute', scheduled_departure, scheduled_arrival)::DOUBLE AS block_minutes,
  distance::DOUBLE AS distance,
  (count(*) OVER (PARTITION BY origin, time_hour))::DOUBLE AS departures_in_hour,

  -- Keys of the feature views. A tail number is missing only in flights that were cancelled before
  -- one was recorded, so its absence would give the target away: the aircraft that was last
  -- scheduled on the same carrier's same route stands in.
  coalesce(tailnum, lag(tailnum IGNORE NULLS) OVER (
    PARTITION BY carrier, origin, dest ORDER BY scheduled_departure, flight)) AS tailnum,
  flight::VARCHAR AS flight,

  -- For slices only.
  airlines.name AS carrier_name,

  -- A passenger of a cancelled or diverted flight does not arrive within 15 minutes of the
  -- schedule either; leaving those flights out would leave only the good days to learn from.
  CASE WHEN arr_delay < 15 THEN 0 ELSE 1 END AS late
FROM scheduled
LEFT JOIN airlines USING (carrier)`
