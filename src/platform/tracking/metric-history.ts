import { sql } from 'kysely'
import { checkMaxResults } from './keyset.ts'
import { sampleMetric } from './metric-sample.ts'
import { readPageToken, writePageToken } from './page-token.ts'
import type { MetricPoint } from './run.ts'
import { pointOf } from './run-rows.ts'
import type { RunStore } from './run-store.ts'
import type { TrackingContext } from './tracking-context.ts'
import type { Page, SampledMetrics } from './tracking-store.ts'

export interface HistoryOptions {
  readonly runId: string
  readonly key: string
  readonly maxResults?: number | undefined
  readonly pageToken?: string | undefined
}

interface PointRow {
  readonly step: number
  readonly timestamp_ms: number
  readonly value: number
  readonly is_nan: number
}

/** All points of a metric of a run, by time, step, value; in pages when `maxResults` is given. */
export async function metricHistory(
  { database: { queries }, keys }: TrackingContext,
  runs: RunStore,
  options: HistoryOptions,
): Promise<Page<MetricPoint>> {
  const { key, maxResults, pageToken } = options
  if (maxResults !== undefined) checkMaxResults(maxResults)
  const query = ['history', options.runId, key]
  const run = await runs.number(options.runId)
  const place = pageToken ? readPageToken(query, pageToken, 4) : undefined
  const number = key.includes('\0') ? undefined : await keys.find(key)
  if (number === undefined) return { items: [], nextPageToken: undefined }
  const rows: PointRow[] = await queries
    .selectFrom('metrics')
    .select(['step', 'timestamp_ms', 'value', 'is_nan'])
    .where('run', '=', run)
    .where('key', '=', number)
    .$if(place !== undefined, (select) =>
      select.where(
        sql<boolean>`(timestamp_ms, step, value, is_nan) > (${sql.join((place ?? []).map(Number))})`,
      ),
    )
    .orderBy('timestamp_ms')
    .orderBy('step')
    .orderBy('value')
    .orderBy('is_nan')
    .$if(maxResults !== undefined, (select) => select.limit((maxResults ?? 0) + 1))
    .execute()
  const page = maxResults === undefined ? rows : rows.slice(0, maxResults)
  const last = rows.length > page.length ? page.at(-1) : undefined
  return {
    items: page.map((row) => pointOf(key, row)),
    nextPageToken:
      last && writePageToken(query, [last.timestamp_ms, last.step, last.value, last.is_nan]),
  }
}

/** Points of several runs, a bounded number of each, by step, time and value. */
export async function sampleHistory(
  { database, keys }: TrackingContext,
  runs: RunStore,
  options: SampledMetrics,
): Promise<readonly (MetricPoint & { readonly runId: string })[]> {
  const { key, maxPointsPerRun: maxPoints } = options
  checkMaxResults(maxPoints)
  const startStep = options.startStep ?? Number.MIN_SAFE_INTEGER
  const endStep = options.endStep ?? Number.MAX_SAFE_INTEGER
  const number = key.includes('\0') ? undefined : await keys.find(key)
  const points: (MetricPoint & { readonly runId: string })[] = []
  for (const runId of options.runIds) {
    const run = await runs.number(runId)
    if (number === undefined) continue
    const rows = await sampleMetric(database, { run, key: number, startStep, endStep, maxPoints })
    for (const row of rows) points.push({ ...pointOf(key, row), runId })
  }
  return points
}
