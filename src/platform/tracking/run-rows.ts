import { sql } from 'kysely'
import type { Tags } from './experiment.ts'
import type { DatasetInput, MetricPoint, ModelOutput, Parameter, Run, RunStatus } from './run.ts'
import { readRunEntries } from './run-entries.ts'
import { among } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'

export interface RunRow {
  readonly number: number
  readonly id: string
  readonly experiment: number
  readonly project: string
  readonly name: string
  readonly user_name: string
  readonly status: string
  readonly is_deleted: number
  readonly started_at_ms: number
  readonly ended_at_ms: number | null
  readonly artifact_uri: string
}

export const runColumns = [
  'runs.number',
  'runs.id',
  'runs.experiment',
  'runs.name',
  'runs.user_name',
  'runs.status',
  'runs.is_deleted',
  'runs.started_at_ms',
  'runs.ended_at_ms',
  'runs.artifact_uri',
] as const

/** Runs are completed this many at a time, so that no statement on SQLite holds the process up. */
const RUNS_AT_ONCE = 500

interface Parts {
  readonly metrics: MetricPoint[]
  readonly parameters: Parameter[]
  readonly tags: [key: string, value: string][]
  readonly datasets: DatasetInput[]
  readonly modelInputs: { readonly modelId: string }[]
  readonly modelOutputs: ModelOutput[]
}

/** Whole runs of these rows, in their order. */
export async function completeRuns(
  context: TrackingContext,
  rows: readonly RunRow[],
): Promise<Run[]> {
  const runs: Run[] = []
  for (let start = 0; start < rows.length; start += RUNS_AT_ONCE) {
    runs.push(...(await completeSome(context, rows.slice(start, start + RUNS_AT_ONCE))))
  }
  return runs
}

async function completeSome(context: TrackingContext, rows: readonly RunRow[]): Promise<Run[]> {
  const parts = new Map<number, Parts>(rows.map(({ number }) => [number, emptyParts()]))
  const numbers = [...parts.keys()]
  await Promise.all([
    addEntries(context, numbers, parts),
    addDatasets(context, numbers, parts),
    addModels(context, numbers, parts),
  ])
  return rows.map((row) => runOf(row, parts.get(row.number) ?? emptyParts()))
}

async function addEntries(
  context: TrackingContext,
  numbers: readonly number[],
  parts: ReadonlyMap<number, Parts>,
): Promise<void> {
  const { metrics, parameters, tags } = await readRunEntries(context, numbers)
  const used = new Set<number>()
  for (const rows of [metrics, parameters, tags]) for (const { key } of rows) used.add(key)
  const text = await context.keys.texts(used)
  for (const row of metrics) parts.get(row.run)?.metrics.push(pointOf(text(row.key), row))
  for (const { run, key, value } of parameters)
    parts.get(run)?.parameters.push({ key: text(key), value })
  for (const { run, key, value } of tags) parts.get(run)?.tags.push([text(key), value])
}

async function addDatasets(
  { database: { queries, dialect } }: TrackingContext,
  numbers: readonly number[],
  parts: ReadonlyMap<number, Parts>,
): Promise<void> {
  const datasets = await queries
    .selectFrom('run_datasets')
    .innerJoin('datasets', 'datasets.number', 'run_datasets.dataset')
    .select(['run_datasets.run', 'run_datasets.tags_json', 'name', 'digest', 'source_type'])
    .select(['source', 'schema', 'profile'])
    .where(among(dialect, sql.ref('run_datasets.run'), numbers))
    .orderBy('run_datasets.number')
    .execute()
  for (const { run, tags_json, source_type, ...rest } of datasets) {
    const tags = JSON.parse(tags_json) as Tags
    parts.get(run)?.datasets.push({ ...rest, sourceType: source_type, tags })
  }
}

async function addModels(
  { database: { queries, dialect } }: TrackingContext,
  numbers: readonly number[],
  parts: ReadonlyMap<number, Parts>,
): Promise<void> {
  const ofRuns = among(dialect, sql.ref('run'), numbers)
  const inputs = await queries
    .selectFrom('run_model_inputs')
    .select(['run', 'model_id'])
    .where(ofRuns)
    .orderBy('number')
    .execute()
  for (const { run, model_id } of inputs) parts.get(run)?.modelInputs.push({ modelId: model_id })
  const outputs = await queries
    .selectFrom('run_model_outputs')
    .select(['run', 'model_id', 'step'])
    .where(ofRuns)
    .orderBy('number')
    .execute()
  for (const { run, model_id, step } of outputs)
    parts.get(run)?.modelOutputs.push({ modelId: model_id, step })
}

interface PointRow {
  readonly step: number
  readonly timestamp_ms: number
  readonly value: number
  readonly is_nan: number
}

export function pointOf(key: string, row: PointRow): MetricPoint {
  const value = row.is_nan === 1 ? Number.NaN : row.value
  return { key, value, timestampMs: row.timestamp_ms, step: row.step }
}

function runOf(row: RunRow, parts: Parts): Run {
  return {
    id: row.id,
    name: row.name,
    experimentId: String(row.experiment),
    project: row.project,
    user: row.user_name,
    status: row.status as RunStatus,
    lifecycle: row.is_deleted === 1 ? 'deleted' : 'active',
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    artifactUri: row.artifact_uri,
    ...parts,
    // Not by assignment: a key may be called `__proto__`.
    tags: Object.fromEntries(parts.tags),
  }
}

function emptyParts(): Parts {
  return { metrics: [], parameters: [], tags: [], datasets: [], modelInputs: [], modelOutputs: [] }
}
