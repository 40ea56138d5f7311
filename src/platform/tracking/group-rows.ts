import type { Transaction } from '../database/index.ts'
import type { WaitingBatch } from './batch-queue.ts'
import { storedValue } from './entry-limits.ts'
import { putRunTags, RUN_NAME_TAG } from './run-store.ts'
import { insertRows, type SqlValue } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'

/** A run that a group writes to. */
export interface GroupRun {
  readonly id: string
  readonly number: number
  readonly experiment: number
  readonly project: string
  readonly is_deleted: number
}

/** A batch that will be kept. */
export interface Accepted extends WaitingBatch {
  readonly run: GroupRun
}

interface Group {
  readonly accepted: readonly Accepted[]
  /** Numbers of all keys of the group. */
  readonly keys: ReadonlyMap<string, number>
}

interface StoredPoint {
  readonly run: number
  readonly key: number
  readonly experiment: number
  readonly step: number
  readonly timestamp: number
  readonly value: number
  readonly is_nan: number
}

/** Newer by step, then time, then value; a NaN counts as 0 there, as in MLflow. */
const UPDATE_LATEST = `ON CONFLICT (run, key) DO UPDATE SET step = excluded.step,
  timestamp_ms = excluded.timestamp_ms, value = excluded.value, is_nan = excluded.is_nan
  WHERE (excluded.step, excluded.timestamp_ms, excluded.value)
    > (latest_metrics.step, latest_metrics.timestamp_ms, latest_metrics.value)`

/** Points into the history, and the newest of each metric beside it. */
export async function writePoints(
  { database: { dialect } }: TrackingContext,
  transaction: Transaction,
  group: Group,
): Promise<void> {
  const rows: SqlValue[][] = []
  const latest = new Map<number, Map<number, StoredPoint>>()
  for (const point of pointsOf(group)) {
    const { run, key, step, timestamp, value, is_nan } = point
    rows.push([run, key, step, timestamp, value, is_nan])
    let ofRun = latest.get(run)
    if (!ofRun) {
      ofRun = new Map()
      latest.set(run, ofRun)
    }
    const other = ofRun.get(key)
    if (!other || isNewer(point, other)) ofRun.set(key, point)
  }
  await insertRows(transaction, dialect, {
    table: 'metrics',
    columns: [
      ['run', 'bigint'],
      ['key', 'bigint'],
      ['step', 'bigint'],
      ['timestamp_ms', 'bigint'],
      ['value', 'double precision'],
      ['is_nan', 'bigint'],
    ],
    rows,
    ending: 'ON CONFLICT DO NOTHING',
  })
  const newest = [...latest.values()].flatMap((ofRun) => [...ofRun.values()])
  await insertRows(transaction, dialect, {
    table: 'latest_metrics',
    columns: [
      ['run', 'bigint'],
      ['key', 'bigint'],
      ['experiment', 'bigint'],
      ['step', 'bigint'],
      ['timestamp_ms', 'bigint'],
      ['value', 'double precision'],
      ['is_nan', 'bigint'],
    ],
    rows: newest.map((p) => [p.run, p.key, p.experiment, p.step, p.timestamp, p.value, p.is_nan]),
    ending: UPDATE_LATEST,
  })
}

function* pointsOf({ accepted, keys }: Group): Generator<StoredPoint> {
  for (const { run, batch } of accepted) {
    for (const { key, step, timestampMs, value } of batch.metrics) {
      const stored = storedValue(value)
      yield {
        run: run.number,
        key: keys.get(key) ?? 0,
        experiment: run.experiment,
        step,
        timestamp: timestampMs,
        value: stored.value,
        is_nan: stored.is_nan,
      }
    }
  }
}

function isNewer(a: StoredPoint, b: StoredPoint): boolean {
  if (a.step !== b.step) return a.step > b.step
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp
  return a.value > b.value
}

/** Points that belong to a logged model, once more beside it. */
export async function writeModelMetrics(
  { database: { dialect } }: TrackingContext,
  transaction: Transaction,
  { accepted, keys, models }: Group & { readonly models: ReadonlyMap<string, number> },
): Promise<void> {
  const rows: SqlValue[][] = []
  for (const { run, batch } of accepted) {
    for (const point of batch.metrics) {
      const model = point.modelId && models.get(point.modelId)
      if (!model) continue
      const { value, is_nan } = storedValue(point.value)
      const dataset = [point.datasetName ?? null, point.datasetDigest ?? null]
      const place = [model, keys.get(point.key) ?? 0, point.timestampMs, point.step, run.number]
      rows.push([...place, value, is_nan, ...dataset])
    }
  }
  await insertRows(transaction, dialect, {
    table: 'logged_model_metrics',
    columns: [
      ['model', 'bigint'],
      ['key', 'bigint'],
      ['timestamp_ms', 'bigint'],
      ['step', 'bigint'],
      ['run', 'bigint'],
      ['value', 'double precision'],
      ['is_nan', 'bigint'],
      ['dataset_name', 'text'],
      ['dataset_digest', 'text'],
    ],
    rows,
    ending: 'ON CONFLICT DO NOTHING',
  })
}

/** Parameters and tags; a name tag names the run. */
export async function writeTexts(
  context: TrackingContext,
  transaction: Transaction,
  { accepted, keys }: Group,
): Promise<void> {
  const parameters: SqlValue[][] = []
  const tags = new Map<string, { run: number; key: number; experiment: number; value: string }>()
  const names = new Map<number, string>()
  for (const { run, batch } of accepted) {
    const { number, experiment } = run
    for (const { key, value } of batch.parameters)
      parameters.push([number, keys.get(key) ?? 0, experiment, value])
    for (const [text, value] of Object.entries(batch.tags)) {
      const key = keys.get(text) ?? 0
      tags.set(`${number}/${key}`, { run: number, key, experiment, value })
      if (text === RUN_NAME_TAG && value !== '') names.set(number, value)
    }
  }
  await insertRows(transaction, context.database.dialect, {
    table: 'run_parameters',
    columns: [
      ['run', 'bigint'],
      ['key', 'bigint'],
      ['experiment', 'bigint'],
      ['value', 'text'],
    ],
    rows: parameters,
    ending: 'ON CONFLICT DO NOTHING',
  })
  await putRunTags(transaction, context, [...tags.values()])
  for (const [number, name] of names)
    await transaction.updateTable('runs').set({ name }).where('number', '=', number).execute()
}
