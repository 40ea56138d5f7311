import type { z } from 'zod'
import { believe } from '../believe.ts'
import { importErrors } from '../errors.ts'
import type { MlflowSource } from '../mlflow-source.ts'
import {
  experimentSchema,
  loggedModelSchema,
  modelSchema,
  pointSchema,
  runSchema,
} from '../source-records.ts'
import { type RestCall, RestClient, type RestCredentials } from './rest-client.ts'
import { restFiles } from './rest-files.ts'
import {
  experimentsAnswer,
  historyAnswer,
  loggedModelsAnswer,
  registeredModelsAnswer,
  runsAnswer,
  versionsAnswer,
  type WireLoggedModel,
  type WireRun,
  type WireVersion,
} from './wire.ts'

const API = 'api/2.0/mlflow'
const MOST_PAGES = 1_000_000

export interface RestSourceOptions extends RestCredentials {
  readonly signal?: AbortSignal | undefined
}

/** Reads a running MLflow server by its own API; nothing else of it need be reachable. */
export function openRestSource(address: string, options: RestSourceOptions): MlflowSource {
  const client = new RestClient(address, options, options.signal)
  const { place } = client
  return {
    place,
    experiments: () => experiments(client),
    async *runs(experimentId) {
      // New runs come last, so pages do not shift while a server is used.
      const body = { experiment_ids: [experimentId], run_view_type: 'ALL', max_results: 500 }
      const order = { order_by: ['attributes.start_time ASC'] }
      const call = { path: `${API}/runs/search`, body: { ...body, ...order }, schema: runsAnswer }
      for await (const { runs } of pages(client, call))
        for (const run of runs)
          yield believe(runSchema, runOf(run), { place, what: `run ${run.info.run_id}` })
    },
    metricHistory: (runId, key) => metricHistory(client, runId, key),
    loggedModels: (experimentId) => loggedModels(client, experimentId),
    registeredModels: () => registeredModels(client),
    files: async (owner) => restFiles(client, owner),
    async close() {},
  }
}

async function* experiments(client: RestClient) {
  const { place } = client
  const body = { max_results: 1000, view_type: 'ALL' }
  const call = { path: `${API}/experiments/search`, body, schema: experimentsAnswer }
  for await (const answer of pages(client, call)) {
    for (const one of answer.experiments) {
      const given = {
        id: one.experiment_id,
        name: one.name,
        lifecycle: one.lifecycle_stage,
        createdAtMs: one.creation_time,
        tags: one.tags,
      }
      yield believe(experimentSchema, given, { place, what: `experiment ${one.experiment_id}` })
    }
  }
}

async function metricHistory(client: RestClient, runId: string, key: string) {
  const points: z.infer<typeof pointSchema>[] = []
  for (let token: string | undefined; ; ) {
    // Servers that know no pages answer with everything and no token.
    const query = { run_id: runId, metric_key: key, page_token: token }
    const call = { path: `${API}/metrics/get-history`, query, schema: historyAnswer }
    const { metrics, next_page_token } = await client.json(call)
    for (const one of metrics) {
      const given = { key: one.key, value: one.value, timestampMs: one.timestamp, step: one.step }
      points.push(believe(pointSchema, given, { place: client.place, what: 'a metric' }))
    }
    if (!next_page_token || next_page_token === token) return points
    token = next_page_token
  }
}

async function* loggedModels(client: RestClient, experimentId: string) {
  const { place } = client
  const order_by = [{ field_name: 'creation_timestamp', ascending: true }]
  const body = { experiment_ids: [experimentId], max_results: 50, order_by }
  const schema = loggedModelsAnswer
  // Servers before MLflow 3 have none, and do not know the question.
  const missing = { models: [], next_page_token: undefined }
  const call = { path: `${API}/logged-models/search`, body, schema, missing }
  for await (const { models } of pages(client, call))
    for (const model of models) {
      const what = `logged model ${model.info.model_id}`
      yield believe(loggedModelSchema, loggedModelOf(model), { place, what })
    }
}

async function* registeredModels(client: RestClient) {
  const { place } = client
  const query = { max_results: '100' }
  const call = { path: `${API}/registered-models/search`, query, schema: registeredModelsAnswer }
  for await (const { registered_models } of pages(client, call)) {
    for (const model of registered_models) {
      const given = {
        name: model.name,
        createdAtMs: model.creation_timestamp,
        description: model.description,
        tags: model.tags,
        aliases: model.aliases,
        versions: (await versionsOf(client, model.name)).map(versionOf),
      }
      const what = `model ${model.name.slice(0, 100)}`
      yield believe(modelSchema, given, { place, what })
    }
  }
}

async function versionsOf(client: RestClient, model: string): Promise<WireVersion[]> {
  const quote = model.includes("'") ? '"' : "'"
  const query = { filter: `name=${quote}${model}${quote}`, max_results: '1000' }
  const call = { path: `${API}/model-versions/search`, query, schema: versionsAnswer }
  const versions: WireVersion[] = []
  for await (const { model_versions } of pages(client, call)) versions.push(...model_versions)
  return versions
}

type Paged = z.ZodType<{ next_page_token?: string | null | undefined }>

/** All pages of a search; its token goes where the other fields of the question go. */
async function* pages<T extends Paged>(client: RestClient, call: RestCall<T>) {
  let token: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const { body, query } = call
    const asked =
      body === undefined
        ? { ...call, query: { ...query, page_token: token } }
        : { ...call, body: { ...(body as object), page_token: token } }
    const answer: z.infer<T> = await client.json(asked)
    yield answer
    const next = answer.next_page_token
    if (!next) return
    if (next === token) break
    token = next
  }
  const reason = 'its pages do not end'
  throw importErrors.IMPORT_ANSWER_INVALID({ place: client.place, what: call.path, reason })
}

function runOf({ info, data, inputs, outputs }: WireRun) {
  return {
    id: info.run_id,
    name: info.run_name,
    user: info.user_id,
    status: info.status,
    lifecycle: info.lifecycle_stage,
    startedAtMs: info.start_time,
    endedAtMs: info.end_time,
    artifactUri: info.artifact_uri,
    metricKeys: [...new Set(data.metrics.map(({ key }) => key))],
    parameters: data.params,
    tags: data.tags,
    datasets: (inputs?.dataset_inputs ?? []).map(({ dataset, tags }) => {
      const { source_type: sourceType, ...rest } = dataset
      return { ...rest, sourceType, tags }
    }),
    modelInputs: (inputs?.model_inputs ?? []).map((one) => one.model_id),
    modelOutputs: (outputs?.model_outputs ?? []).map((one) => {
      return { modelId: one.model_id, step: one.step ?? 0 }
    }),
  }
}

function loggedModelOf({ info, data }: WireLoggedModel) {
  return {
    id: info.model_id,
    name: info.name,
    createdAtMs: info.creation_timestamp_ms,
    artifactUri: info.artifact_uri,
    status: String(info.status).replace(/^LOGGED_MODEL_/, ''),
    modelType: info.model_type,
    sourceRunId: info.source_run_id,
    tags: info.tags,
    parameters: data?.params ?? [],
    metrics: (data?.metrics ?? []).map((one) => ({
      key: one.key,
      value: one.value,
      timestampMs: one.timestamp,
      step: one.step,
      runId: one.run_id,
      datasetName: one.dataset_name,
      datasetDigest: one.dataset_digest,
    })),
  }
}

function versionOf(one: WireVersion) {
  return {
    version: one.version,
    createdAtMs: one.creation_timestamp,
    description: one.description,
    user: one.user_id,
    stage: one.current_stage ?? 'None',
    source: one.source,
    runId: one.run_id,
    runLink: one.run_link,
    status: one.status,
    tags: one.tags,
  }
}
