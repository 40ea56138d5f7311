import { grouped, inList } from './row-groups.ts'
import type { SourceQueries } from './source-queries.ts'

const RUNS_AT_ONCE = 500

/** Runs of an experiment with all that belongs to them, a page at a time, by their ids. */
export async function* runRows(
  queries: SourceQueries,
  experimentId: string,
  hasLoggedModels: boolean,
) {
  for (let after = ''; ; ) {
    const runs = await queries.all(
      `SELECT * FROM runs WHERE experiment_id = ? AND run_uuid > ?
       ORDER BY run_uuid LIMIT ${RUNS_AT_ONCE}`,
      [Number(experimentId), after],
    )
    if (runs.length === 0) return
    const ids = runs.map((run) => String(run.run_uuid))
    const of = async (table: string) =>
      grouped(
        await queries.all(`SELECT * FROM ${table} WHERE run_uuid IN ${inList(ids)}`, ids),
        'run_uuid',
      )
    const [tags, parameters, metrics] = [
      await of('tags'),
      await of('params'),
      await of('latest_metrics'),
    ]
    const datasets = await datasetsOf(queries, ids)
    const models = hasLoggedModels ? await modelsOf(queries, ids) : () => []
    yield runs.map((run) => {
      const linked = (type: string) =>
        models(run.run_uuid).filter((one) => one.source_type === type)
      return {
        id: String(run.run_uuid),
        name: run.name,
        user: run.user_id,
        status: run.status,
        lifecycle: run.lifecycle_stage,
        startedAtMs: run.start_time,
        endedAtMs: run.end_time,
        artifactUri: run.artifact_uri,
        metricKeys: metrics(run.run_uuid).map(({ key }) => key),
        parameters: parameters(run.run_uuid),
        tags: tags(run.run_uuid),
        datasets: datasets(run.run_uuid),
        modelInputs: linked('RUN_INPUT').map((one) => one.destination_id),
        modelOutputs: linked('RUN_OUTPUT').map((one) => {
          return { modelId: one.destination_id, step: one.step ?? 0 }
        }),
      }
    })
    after = ids.at(-1) ?? ''
  }
}

async function datasetsOf(queries: SourceQueries, ids: readonly string[]) {
  const rows = await queries.all(
    `SELECT d.*, i.destination_id, i.input_uuid FROM inputs i
     JOIN datasets d ON d.dataset_uuid = i.source_id
     WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN'
     AND i.destination_id IN ${inList(ids)} ORDER BY d.name, d.digest`,
    ids,
  )
  const inputs = rows.map((row) => String(row.input_uuid))
  const found =
    inputs.length === 0
      ? []
      : await queries.all(`SELECT * FROM input_tags WHERE input_uuid IN ${inList(inputs)}`, inputs)
  const tags = grouped(found, 'input_uuid')
  const datasets = grouped(rows, 'destination_id')
  return (run: unknown) =>
    datasets(run).map((row) => ({
      name: row.name,
      digest: row.digest,
      sourceType: row.dataset_source_type,
      source: row.dataset_source,
      schema: row.dataset_schema,
      profile: row.dataset_profile,
      tags: tags(row.input_uuid).map((tag) => ({ key: tag.name, value: tag.value })),
    }))
}

async function modelsOf(queries: SourceQueries, ids: readonly string[]) {
  const rows = await queries.all(
    `SELECT * FROM inputs WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT')
     AND source_id IN ${inList(ids)} ORDER BY destination_id`,
    ids,
  )
  return grouped(rows, 'source_id')
}
