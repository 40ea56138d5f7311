import { sql } from 'kysely'
import type { Queries } from '../database/index.ts'
import type { LoggedModel, LoggedModelStatus } from './logged-model.ts'
import type { MetricPoint, Parameter } from './run.ts'
import { pointOf } from './run-rows.ts'
import { among } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'

export interface LoggedModelRow {
  readonly number: number
  readonly id: string
  readonly experiment: number
  readonly project: string
  readonly name: string
  readonly artifact_uri: string
  readonly status: string
  readonly status_message: string | null
  readonly is_deleted: number
  readonly model_type: string
  readonly source_run_id: string | null
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

export const loggedModelColumns = [
  'logged_models.number',
  'logged_models.id',
  'logged_models.experiment',
  'logged_models.name',
  'logged_models.artifact_uri',
  'logged_models.status',
  'logged_models.status_message',
  'logged_models.is_deleted',
  'logged_models.model_type',
  'logged_models.source_run_id',
  'logged_models.created_at_ms',
  'logged_models.updated_at_ms',
] as const

type ModelMetric = MetricPoint & { readonly runId: string }

interface Parts {
  readonly tags: [key: string, value: string][]
  readonly parameters: Parameter[]
  readonly metrics: ModelMetric[]
}

/** Whole logged models of these rows, in their order. */
export async function completeLoggedModels(
  context: TrackingContext,
  rows: readonly LoggedModelRow[],
): Promise<LoggedModel[]> {
  const parts = new Map<number, Parts>(
    rows.map(({ number }) => [number, { tags: [], parameters: [], metrics: [] }]),
  )
  if (rows.length > 0) {
    await addTexts(context, parts)
    await addMetrics(context, parts)
  }
  return rows.map((row) => loggedModelOf(row, parts.get(row.number)))
}

async function addTexts(
  { database: { queries, dialect } }: TrackingContext,
  parts: ReadonlyMap<number, Parts>,
): Promise<void> {
  const ofModels = among(dialect, sql.ref('model'), [...parts.keys()])
  const tags = await textsOf(queries, 'logged_model_tags').where(ofModels).execute()
  for (const { model, key, value } of tags) parts.get(model)?.tags.push([key, value])
  const parameters = await textsOf(queries, 'logged_model_parameters').where(ofModels).execute()
  for (const { model, key, value } of parameters) parts.get(model)?.parameters.push({ key, value })
}

function textsOf(queries: Queries, table: 'logged_model_tags' | 'logged_model_parameters') {
  return queries.selectFrom(table).select(['model', 'key', 'value']).orderBy('model').orderBy('key')
}

async function addMetrics(
  { database: { queries, dialect }, keys }: TrackingContext,
  parts: ReadonlyMap<number, Parts>,
): Promise<void> {
  const rows = await queries
    .selectFrom('logged_model_metrics as m')
    .innerJoin('runs', 'runs.number', 'm.run')
    .select(['m.model', 'm.key', 'm.step', 'm.timestamp_ms', 'm.value', 'm.is_nan'])
    .select(['m.dataset_name', 'm.dataset_digest', 'runs.id as runId'])
    .where(among(dialect, sql.ref('m.model'), [...parts.keys()]))
    .orderBy('m.model')
    .orderBy('m.key')
    .orderBy('m.timestamp_ms')
    .orderBy('m.step')
    .execute()
  const text = await keys.texts(rows.map(({ key }) => key))
  for (const row of rows) {
    const metric = {
      ...pointOf(text(row.key), row),
      runId: row.runId,
      ...(row.dataset_name === null ? {} : { datasetName: row.dataset_name }),
      ...(row.dataset_digest === null ? {} : { datasetDigest: row.dataset_digest }),
    }
    parts.get(row.model)?.metrics.push(metric)
  }
}

function loggedModelOf(row: LoggedModelRow, parts: Parts | undefined): LoggedModel {
  return {
    id: row.id,
    name: row.name,
    experimentId: String(row.experiment),
    project: row.project,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    artifactUri: row.artifact_uri,
    status: row.status as LoggedModelStatus,
    statusMessage: row.status_message,
    lifecycle: row.is_deleted === 1 ? 'deleted' : 'active',
    modelType: row.model_type,
    sourceRunId: row.source_run_id,
    // Not by assignment: a key may be called `__proto__`.
    tags: Object.fromEntries(parts?.tags ?? []),
    parameters: parts?.parameters ?? [],
    metrics: (parts?.metrics ?? []).map((metric) => ({ ...metric, modelId: row.id })),
  }
}
