import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../database/index.ts'

/** A point as it is stored. */
export interface SampledRow {
  readonly step: number
  readonly timestamp_ms: number
  readonly value: number
  readonly is_nan: number
}

export interface SampleOptions {
  readonly run: number
  /** Number of the metric's key. */
  readonly key: number
  readonly startStep: number
  readonly endStep: number
  /** At least 1. */
  readonly maxPoints: number
}

type Axis = 'step' | 'timestamp_ms'

const ORDER = sql`step, timestamp_ms, value, is_nan`
const REVERSED = sql`step DESC, timestamp_ms DESC, value DESC, is_nan DESC`
const COLUMNS = sql`step, timestamp_ms, value, is_nan`

/**
 * At most so many points of one metric, spread evenly over its steps, the first and the last among
 * them. Points are sought one by one in the primary key, so a million of them are never read. Where
 * few steps hold many points (all logged without a step, say), they are spread over time in each step.
 */
export async function sampleMetric(
  database: Database,
  options: SampleOptions,
): Promise<readonly SampledRow[]> {
  const { maxPoints } = options
  const range = rangeOf(options)
  const first = await query(database, sql`${range} ORDER BY ${ORDER} LIMIT ${maxPoints + 1}`)
  if (first.length <= maxPoints) return first
  const [last] = await query(database, sql`${range} ORDER BY ${REVERSED} LIMIT 1`)
  const start = first[0]
  if (!start || !last || maxPoints === 1) return last ? [last] : []
  const bySteps = await seek(database, options, spread('step', start, last, maxPoints - 1))
  const sampled = distinct([start, ...bySteps]).slice(0, maxPoints - 1)
  const steps = [...new Set([...sampled, last].map(({ step }) => step))]
  const eachStep = Math.floor((maxPoints - 1) / steps.length)
  if (eachStep < 2) return distinct([...sampled, last])
  const rows: SampledRow[] = []
  for (const step of steps)
    rows.push(...(await sampleStep(database, { ...options, maxPoints: eachStep }, step)))
  return distinct([start, ...rows.slice(0, maxPoints - 2), last])
}

/** Points of one step, spread over time. */
async function sampleStep(
  database: Database,
  options: SampleOptions,
  step: number,
): Promise<readonly SampledRow[]> {
  const within = { ...options, startStep: step, endStep: step }
  const range = rangeOf(within)
  const all = await query(database, sql`${range} ORDER BY ${ORDER} LIMIT ${options.maxPoints + 1}`)
  if (all.length <= options.maxPoints) return all
  const [last] = await query(database, sql`${range} ORDER BY ${REVERSED} LIMIT 1`)
  const first = all[0]
  if (!first || !last) return all
  const axis = spread('timestamp_ms', first, last, options.maxPoints - 1)
  return distinct([first, ...(await seek(database, within, axis))]).slice(0, options.maxPoints)
}

function spread(axis: Axis, first: SampledRow, last: SampledRow, count: number) {
  const width = (last[axis] - first[axis]) / count
  const targets = Array.from({ length: count }, (_, i) => Math.ceil(first[axis] + i * width))
  return { axis, targets: [...new Set(targets)] }
}

/** The first point at or after each target. */
async function seek(
  database: Database,
  options: SampleOptions,
  { axis, targets }: { readonly axis: Axis; readonly targets: readonly number[] },
): Promise<readonly SampledRow[]> {
  const { run, key, startStep, endStep } = options
  // One lower bound only: given two, SQLite may begin at the other and read all that lies between.
  const from = (target: RawBuilder<unknown>) =>
    axis === 'step'
      ? sql`step >= ${target} AND step <= ${endStep}`
      : sql`step = ${startStep} AND timestamp_ms >= ${target}`
  const first = (target: RawBuilder<unknown>) => sql`SELECT ${COLUMNS} FROM metrics
    WHERE run = ${run} AND key = ${key} AND ${from(target)} ORDER BY ${ORDER} LIMIT 1`
  if (database.dialect === 'postgres') {
    return query(
      database,
      sql`SELECT found.* FROM unnest(${[...targets]}::bigint[]) AS target
        CROSS JOIN LATERAL (${first(sql`target`)}) found`,
    )
  }
  const rows: SampledRow[] = []
  for (const target of targets) rows.push(...(await query(database, first(sql`${target}`))))
  return rows
}

function rangeOf({ run, key, startStep, endStep }: SampleOptions): RawBuilder<SampledRow> {
  // Equality lets the key go on to the time; a range of one step would stop it there.
  const steps =
    startStep === endStep ? sql`step = ${startStep}` : sql`step BETWEEN ${startStep} AND ${endStep}`
  return sql`SELECT ${COLUMNS} FROM metrics WHERE run = ${run} AND key = ${key} AND ${steps}`
}

async function query(
  database: Database,
  text: RawBuilder<unknown>,
): Promise<readonly SampledRow[]> {
  const { rows } = await (text as RawBuilder<SampledRow>).execute(database.queries)
  return rows
}

/** Each point once, in the order of steps. */
function distinct(rows: readonly SampledRow[]): readonly SampledRow[] {
  const seen = new Map<string, SampledRow>()
  for (const row of rows)
    seen.set(`${row.step}/${row.timestamp_ms}/${row.is_nan ? 'NaN' : row.value}`, row)
  return [...seen.values()].sort(
    (a, b) =>
      a.step - b.step ||
      a.timestamp_ms - b.timestamp_ms ||
      a.value - b.value ||
      a.is_nan - b.is_nan,
  )
}
