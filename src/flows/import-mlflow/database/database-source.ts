import { believe } from '../believe.ts'
import type { FilesOwner, MlflowSource } from '../mlflow-source.ts'
import {
  experimentSchema,
  loggedModelSchema,
  modelSchema,
  pointSchema,
  runSchema,
} from '../source-records.ts'
import { checkSchema } from './known-schemas.ts'
import { locateFiles } from './located-files.ts'
import { grouped, inList } from './row-groups.ts'
import { runRows } from './run-rows.ts'
import { openSourceQueries, type SourceQueries } from './source-queries.ts'

const STATUSES = ['', 'PENDING', 'READY', 'UPLOAD_FAILED']

/** Reads MLflow's own database, SQLite or PostgreSQL; files come from where their URIs say. */
export async function openDatabaseSource(
  url: string,
  artifacts: string | undefined,
): Promise<MlflowSource> {
  const queries = await openSourceQueries(url)
  const facts = await checkSchema(queries).catch(async (error: unknown) => {
    await queries.close()
    throw error
  })
  const { place } = queries
  const locate = locateFiles(artifacts)
  return {
    place,
    experiments: () => experiments(queries),
    async *runs(experimentId) {
      for await (const rows of runRows(queries, experimentId, facts.hasLoggedModels))
        for (const row of rows) yield believe(runSchema, row, { place, what: `run ${row.id}` })
    },
    async metricHistory(runId, key) {
      const rows = await queries.all(
        // An expression, so that the index of runs is taken: that of keys spans all runs.
        "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ? AND key || '' = ?",
        [runId, key],
      )
      return rows.map((row) => believe(pointSchema, pointOf(row), { place, what: 'a metric' }))
    },
    async *loggedModels(experimentId) {
      if (facts.hasLoggedModels) yield* loggedModels(queries, experimentId)
    },
    registeredModels: () => registeredModels(queries),
    files: ({ artifactUri }: FilesOwner) => locate(artifactUri),
    close: () => queries.close(),
  }
}

function pointOf(row: Readonly<Record<string, unknown>>) {
  const value = row.is_nan === 1 || row.is_nan === true ? 'NaN' : row.value
  return { key: row.key, value, timestampMs: row.timestamp, step: row.step }
}

async function* experiments(queries: SourceQueries) {
  const rows = await queries.all('SELECT * FROM experiments ORDER BY experiment_id')
  const tags = grouped(await queries.all('SELECT * FROM experiment_tags'), 'experiment_id')
  for (const row of rows) {
    const id = String(row.experiment_id)
    const given = {
      id,
      name: row.name,
      lifecycle: row.lifecycle_stage,
      createdAtMs: row.creation_time,
      tags: tags(row.experiment_id),
    }
    yield believe(experimentSchema, given, { place: queries.place, what: `experiment ${id}` })
  }
}

const MODELS_AT_ONCE = 200

async function* loggedModels(queries: SourceQueries, experimentId: string) {
  const { place } = queries
  for (let after = ''; ; ) {
    const rows = await queries.all(
      `SELECT * FROM logged_models WHERE experiment_id = ? AND model_id > ?
       AND lifecycle_stage = 'active' ORDER BY model_id LIMIT ${MODELS_AT_ONCE}`,
      [Number(experimentId), after],
    )
    if (rows.length === 0) return
    const ids = rows.map((row) => String(row.model_id))
    const of = async (table: string) =>
      grouped(
        await queries.all(`SELECT * FROM ${table} WHERE model_id IN ${inList(ids)}`, ids),
        'model_id',
      )
    const tags = await of('logged_model_tags')
    const parameters = await of('logged_model_params')
    const metrics = await of('logged_model_metrics')
    for (const row of rows) {
      const id = String(row.model_id)
      const given = {
        id,
        name: row.name,
        createdAtMs: row.creation_timestamp_ms,
        artifactUri: row.artifact_location,
        status: STATUSES[Number(row.status)],
        modelType: row.model_type,
        sourceRunId: row.source_run_id,
        parameters: parameters(id).map((one) => ({ key: one.param_key, value: one.param_value })),
        tags: tags(id).map((one) => ({ key: one.tag_key, value: one.tag_value })),
        metrics: metrics(id).map((one) => ({
          key: one.metric_name,
          // A null is how it keeps a NaN here.
          value: one.metric_value ?? 'NaN',
          timestampMs: one.metric_timestamp_ms,
          step: one.metric_step,
          runId: one.run_id,
          datasetName: one.dataset_name,
          datasetDigest: one.dataset_digest,
        })),
      }
      yield believe(loggedModelSchema, given, { place, what: `logged model ${id}` })
    }
    after = ids.at(-1) ?? ''
  }
}

async function* registeredModels(queries: SourceQueries) {
  const models = await queries.all('SELECT * FROM registered_models ORDER BY name')
  for (const row of models) {
    const name = String(row.name)
    const of = (table: string) => queries.all(`SELECT * FROM ${table} WHERE name = ?`, [name])
    const versionTags = grouped(await of('model_version_tags'), 'version')
    const versions = await of('model_versions')
    const given = {
      name,
      createdAtMs: row.creation_time,
      description: row.description,
      tags: await of('registered_model_tags'),
      aliases: await of('registered_model_aliases'),
      versions: versions
        .filter((one) => one.current_stage !== 'Deleted_Internal')
        .map((one) => ({
          version: one.version,
          createdAtMs: one.creation_time,
          description: one.description,
          user: one.user_id,
          stage: one.current_stage,
          source: one.source,
          runId: one.run_id,
          runLink: one.run_link,
          status: one.status,
          tags: versionTags(one.version),
        })),
    }
    yield believe(modelSchema, given, { place: queries.place, what: `model ${name.slice(0, 100)}` })
  }
}
