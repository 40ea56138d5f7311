import { sql } from 'kysely'
import { among } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'

export interface MetricEntry {
  readonly run: number
  readonly key: number
  readonly step: number
  readonly timestamp_ms: number
  readonly value: number
  readonly is_nan: number
}

export interface TextEntry {
  readonly run: number
  readonly key: number
  readonly value: string
}

/** What is logged into runs, keys by their numbers. */
export interface RunEntries {
  readonly metrics: readonly MetricEntry[]
  readonly parameters: readonly TextEntry[]
  readonly tags: readonly TextEntry[]
}

/** Newest metrics, parameters and tags of these runs. */
export function readRunEntries(
  context: TrackingContext,
  runs: readonly number[],
): Promise<RunEntries> {
  return context.database.dialect === 'postgres'
    ? readFromPostgres(context, runs)
    : readFromSqlite(context, runs)
}

async function readFromSqlite(
  { database: { queries, dialect } }: TrackingContext,
  runs: readonly number[],
): Promise<RunEntries> {
  const ofRuns = among(dialect, sql.ref('run'), runs)
  return {
    metrics: await queries
      .selectFrom('latest_metrics')
      .select(['run', 'key', 'step', 'timestamp_ms', 'value', 'is_nan'])
      .where(ofRuns)
      .execute(),
    parameters: await queries
      .selectFrom('run_parameters')
      .select(['run', 'key', 'value'])
      .where(ofRuns)
      .execute(),
    tags: await queries
      .selectFrom('run_tags')
      .select(['run', 'key', 'value'])
      .where(ofRuns)
      .execute(),
  }
}

type PostgresMetric = readonly [
  key: number,
  step: number,
  timestampMs: number,
  value: number,
  isNan: number,
]
type PostgresText = readonly [key: number, value: string]

interface PostgresRow {
  readonly run: number
  readonly metrics: readonly PostgresMetric[] | null
  readonly parameters: readonly PostgresText[] | null
  readonly tags: readonly PostgresText[] | null
}

/** One round trip, and one row a run: rows cost more on the wire than what is in them. */
async function readFromPostgres(
  { database: { queries } }: TrackingContext,
  runs: readonly number[],
): Promise<RunEntries> {
  const { rows } = await sql<PostgresRow>`
    SELECT wanted.run,
      (SELECT json_agg(json_build_array(key, step, timestamp_ms, value, is_nan))
        FROM latest_metrics m WHERE m.run = wanted.run) AS metrics,
      (SELECT json_agg(json_build_array(key, value))
        FROM run_parameters p WHERE p.run = wanted.run) AS parameters,
      (SELECT json_agg(json_build_array(key, value))
        FROM run_tags t WHERE t.run = wanted.run) AS tags
    FROM unnest(${runs}::bigint[]) AS wanted (run)`.execute(queries)
  const texts = (run: number, entries: readonly PostgresText[] | null) =>
    (entries ?? []).map(([key, value]) => ({ run, key, value }))
  return {
    metrics: rows.flatMap(({ run, metrics }) =>
      (metrics ?? []).map(([key, step, timestamp_ms, value, is_nan]) => ({
        run,
        key,
        step,
        timestamp_ms,
        value,
        is_nan,
      })),
    ),
    parameters: rows.flatMap(({ run, parameters }) => texts(run, parameters)),
    tags: rows.flatMap(({ run, tags }) => texts(run, tags)),
  }
}
