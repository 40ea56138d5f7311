import { quoteLiteral } from '../storage/index.ts'
import type { LogSources } from './log-reader.ts'
import type { ExposureQuery, MirrorQuery, WindowQuery } from './prediction-log.ts'

/** The ends of DuckDB's calendar, in microseconds. */
const MAX_MICROS = 9_223_372_000_000_000_000n

const PREDICTION = `p.id, p.endpoint, p.version, p.role, epoch_us(p.time) AS time_us, p.inputs,
CAST(to_json(p.output) AS VARCHAR) AS output, p.decision, p.latency_us,
CAST(to_json(p.flags) AS VARCHAR) AS flags`

/**
 * Of an id written twice the first counts. Only the narrow columns are read of all files for that; the
 * row itself is then found by its time too, which says in which part of which file to look.
 */
function firstsSql(sources: LogSources, ids: string): string {
  return `SELECT id, arg_min(time, written) AS time, min(written) AS written
  FROM ${sources('predictions')} WHERE id IN (${ids}) GROUP BY id`
}

/** Two writers in one microsecond are told apart by what they wrote. */
const ONE_EACH =
  'QUALIFY row_number() OVER (PARTITION BY id ORDER BY version, latency_us, output) = 1'

/** Columns of {@link PREDICTION}, and the label. */
export function windowSql(sources: LogSources, query: WindowQuery): string {
  const { labelsKnownByMs, atMost } = query
  const sample = atMost === undefined ? '' : `ORDER BY hash(id), id LIMIT ${Math.floor(atMost)}`
  return `WITH ${firstOnesSql(sources, query, '*')}, p AS MATERIALIZED (
  SELECT * FROM ones ${sample}
), known AS (${knownLabels(sources, { ids: 'SELECT id FROM p', labelsKnownByMs })})
SELECT ${PREDICTION}, known.label FROM p LEFT JOIN known ON known.id = p.id
ORDER BY p.time, p.written, p.id`
}

export function windowSizeSql(sources: LogSources, query: WindowQuery): string {
  const narrow = 'id, time, written, version, latency_us, output'
  return `WITH ${firstOnesSql(sources, query, narrow)} SELECT count(*) AS rows FROM ones`
}

/** `ones`: a window's predictions, each id once. */
function firstOnesSql(sources: LogSources, query: WindowQuery, columns: string): string {
  const { endpoint, fromMs, toMs, version } = query
  return `asked AS MATERIALIZED (
  SELECT ${columns} FROM ${sources('predictions', { fromMs, toMs })}
  WHERE ${inSpan(query)} AND endpoint = ${quoteLiteral(endpoint)}
  ${version === undefined ? '' : `AND version = ${version}`}
), firsts AS MATERIALIZED (${firstsSql(sources, 'SELECT id FROM asked')}), ones AS (
  SELECT asked.* FROM asked JOIN firsts USING (id, time, written) ${ONE_EACH}
)`
}

/** Columns of {@link PREDICTION}, the label, and the exposure's endpoint, key, arm and time. */
export function exposedSql(sources: LogSources, query: ExposureQuery): string {
  const { test, toMs, labelsKnownByMs } = query
  return `WITH met AS MATERIALIZED (
  SELECT * FROM ${sources('exposures')} WHERE test = ${quoteLiteral(test)}
  QUALIFY row_number() OVER (PARTITION BY key ORDER BY written, prediction) = 1
), e AS MATERIALIZED (
  SELECT * FROM met WHERE time < ${moment(toMs, Math.ceil)}
), firsts AS MATERIALIZED (${firstsSql(sources, 'SELECT prediction FROM e')}), p AS MATERIALIZED (
  SELECT shown.* FROM ${sources('predictions')} AS shown
  JOIN firsts USING (id, time, written) ${ONE_EACH}
), known AS (${knownLabels(sources, { ids: 'SELECT id FROM p', labelsKnownByMs })})
SELECT ${PREDICTION}, known.label, e.endpoint AS exposed_endpoint, e.key, e.arm, epoch_us(e.time) AS exposed_us
FROM e JOIN p ON p.id = e.prediction AND p.version = e.version LEFT JOIN known ON known.id = p.id
ORDER BY e.time, e.key`
}

export function mirroredSql(sources: LogSources, query: MirrorQuery): string {
  return `SELECT id, epoch_us(time) AS time_us, outcome, count, difference, changed,
stable_latency_us, latency_us, error FROM ${sources('mirrored', query)}
WHERE ${inSpan(query)} AND endpoint = ${quoteLiteral(query.endpoint)} AND version = ${query.version}
ORDER BY time, written`
}

export function countSql(sources: LogSources, endpoint: string): string {
  return `SELECT count(*) AS rows FROM (
  SELECT arg_min(endpoint, written) AS endpoint FROM ${sources('predictions')} GROUP BY id
) WHERE endpoint = ${quoteLiteral(endpoint)}`
}

/** Of an id's labels the last that was known; of two of the same time the one written last. */
function knownLabels(
  sources: LogSources,
  { ids, labelsKnownByMs }: { readonly ids: string; readonly labelsKnownByMs: number | undefined },
): string {
  const known =
    labelsKnownByMs === undefined ? '' : `AND time <= ${moment(labelsKnownByMs, Math.floor)}`
  return `SELECT id, label FROM ${sources('labels')} WHERE id IN (${ids}) ${known}
  QUALIFY row_number() OVER (PARTITION BY id ORDER BY time DESC, written DESC, label) = 1`
}

function inSpan({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): string {
  return `time >= ${moment(fromMs, Math.ceil)} AND time < ${moment(toMs, Math.ceil)}`
}

/** Times have whole microseconds: a bound between two of them is moved to where it means the same. */
function moment(ms: number, round: (micros: number) => number): string {
  const micros = ms * 1_000
  const whole = Number.isFinite(micros)
    ? BigInt(round(micros))
    : micros > 0
      ? MAX_MICROS
      : -MAX_MICROS
  const clamped = whole > MAX_MICROS ? MAX_MICROS : whole < -MAX_MICROS ? -MAX_MICROS : whole
  return `make_timestamp(${clamped}::BIGINT)`
}
