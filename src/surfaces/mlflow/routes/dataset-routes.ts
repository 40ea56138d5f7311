import { z } from 'zod'
import { allowedExperiment, allowedLoggedModel, allowRun } from '../access.ts'
import { NOTHING } from '../nothing.ts'
import { integer, name, optionalText, tags } from '../request-fields.ts'
import { defineRoute, type MlflowRoute, type RouteCall } from '../route.ts'

const MEBIBYTE = 1_048_576
const MOST_DATASETS = 1_000
const MOST_EXPERIMENTS = 20

const datasetInput = z.object({
  tags,
  dataset: z.object({
    name,
    digest: name,
    source_type: name,
    source: z.string(),
    schema: optionalText,
    profile: optionalText,
  }),
})

/** A list that may be absent, of at most so many. */
function listOf<S extends z.ZodType>(entry: S, most: number) {
  return z
    .array(entry)
    .max(most, `at most ${most} of them`)
    .nullish()
    .transform((list) => list ?? [])
}

/** A run may use or make only models that its caller may see. */
async function allowModels(call: Omit<RouteCall, 'input'>, ids: readonly string[]): Promise<void> {
  for (const id of ids) await allowedLoggedModel(call, 'experiments:read', id)
}

export const datasetRoutes: readonly MlflowRoute[] = [
  defineRoute({
    route: 'POST runs/log-inputs',
    purpose: 'Note datasets and models that a run used',
    permission: 'experiments:write',
    // A dataset's profile alone may have 16 MiB.
    maxBodyBytes: 20 * MEBIBYTE,
    input: z.object({
      run_id: name,
      datasets: listOf(datasetInput, MOST_DATASETS),
      models: listOf(z.object({ model_id: name }), MOST_DATASETS),
    }),
    async answer(call) {
      const { input } = call
      await allowRun(call, 'experiments:write', input.run_id)
      const modelIds = input.models.map((model) => model.model_id)
      await allowModels(call, modelIds)
      const datasets = input.datasets.map(({ tags: inputTags, dataset }) => ({
        name: dataset.name,
        digest: dataset.digest,
        sourceType: dataset.source_type,
        source: dataset.source,
        schema: dataset.schema ?? null,
        profile: dataset.profile ?? null,
        tags: inputTags,
      }))
      await call.tracking.logInputs(call.by, input.run_id, { datasets, modelIds })
      return NOTHING
    },
  }),
  defineRoute({
    route: 'POST runs/outputs',
    purpose: 'Note models that a run made',
    permission: 'experiments:write',
    input: z.object({
      run_id: name,
      models: listOf(z.object({ model_id: name, step: integer }), MOST_DATASETS),
    }),
    async answer(call) {
      const { input } = call
      await allowRun(call, 'experiments:write', input.run_id)
      const outputs = input.models.map(({ model_id, step }) => ({ modelId: model_id, step }))
      await allowModels(
        call,
        outputs.map(({ modelId }) => modelId),
      )
      await call.tracking.logOutputs(call.by, input.run_id, outputs)
      return NOTHING
    },
  }),
  defineRoute({
    route: 'POST experiments/search-datasets',
    purpose: 'Datasets that runs of some experiments used',
    permission: 'experiments:read',
    input: z.object({
      experiment_ids: z
        .array(name)
        .min(1)
        .max(MOST_EXPERIMENTS, `at most ${MOST_EXPERIMENTS} of them`),
    }),
    async answer(call) {
      const ids = call.input.experiment_ids
      for (const id of ids) await allowedExperiment(call, 'experiments:read', id)
      const found = await call.tracking.searchDatasets(ids)
      return {
        dataset_summaries: found.map((dataset) => ({
          experiment_id: dataset.experimentId,
          name: dataset.name,
          digest: dataset.digest,
          context: dataset.context ?? undefined,
        })),
      }
    },
  }),
]
