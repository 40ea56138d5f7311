import { z } from 'zod'
import { LOGGED_MODEL_STATUSES, type LoggedModelStatus } from '../../../platform/tracking/index.ts'
import { allowedExperiment, allowedLoggedModel, searchedProjects } from '../access.ts'
import { loggedModelAnswer } from '../answers/logged-model-answer.ts'
import { mlflowErrors } from '../errors.ts'
import { NOTHING } from '../nothing.ts'
import { maxResults, name, optionalName, parameters, tags } from '../request-fields.ts'
import { defineRoute, type MlflowRoute } from '../route.ts'

const MOST_MODELS = 50

const status = z.union([z.string(), z.number()]).transform((raw, context): LoggedModelStatus => {
  const known = LOGGED_MODEL_STATUSES.find(
    (one, at) => `LOGGED_MODEL_${one}` === raw || String(at + 1) === String(raw),
  )
  if (known !== undefined) return known
  const all = LOGGED_MODEL_STATUSES.map((one) => `LOGGED_MODEL_${one}`)
  context.addIssue({ code: 'custom', message: `one of ${all.join(', ')}`, input: raw })
  return z.NEVER
})

const dataset = z.object({ dataset_name: name, dataset_digest: optionalName })

const orderBy = z.object({
  field_name: name,
  ascending: z
    .boolean()
    .nullish()
    .transform((given) => given ?? true),
  dataset_name: optionalName,
  dataset_digest: optionalName,
})

/** `{field_name: "metrics.a b", ascending: false}` as `` metrics.`a b` DESC ``. */
function orderText(order: z.output<typeof orderBy>): string {
  if (order.dataset_name !== undefined || order.dataset_digest !== undefined) {
    throw mlflowErrors.MLFLOW_UNSUPPORTED({ what: "Ordering by a metric's value on one dataset" })
  }
  const [, prefix, key] = /^(metrics|params|tags)\.([^`"].*)$/s.exec(order.field_name) ?? []
  const field = prefix === undefined ? order.field_name : `${prefix}.\`${key}\``
  return `${field} ${order.ascending ? 'ASC' : 'DESC'}`
}

export const loggedModelRoutes: readonly MlflowRoute[] = [
  defineRoute({
    route: 'POST logged-models',
    purpose: 'Create a logged model',
    permission: 'experiments:write',
    input: z.object({
      experiment_id: name,
      name: optionalName,
      model_type: optionalName,
      source_run_id: optionalName,
      params: parameters,
      tags,
    }),
    async answer(call) {
      const { input } = call
      await allowedExperiment(call, 'experiments:write', input.experiment_id)
      const model = await call.tracking.createLoggedModel(call.by, {
        experimentId: input.experiment_id,
        name: input.name,
        modelType: input.model_type,
        sourceRunId: input.source_run_id,
        parameters: input.params,
        tags: input.tags,
      })
      return { model: loggedModelAnswer(model) }
    },
  }),
  defineRoute({
    route: 'POST logged-models/search',
    purpose: 'Logged models by filter',
    permission: 'experiments:read',
    input: z.object({
      experiment_ids: z.array(name).min(1),
      filter: optionalName,
      datasets: z
        .array(dataset)
        .nullish()
        .transform((list) => list ?? undefined),
      max_results: maxResults({ usual: MOST_MODELS, most: MOST_MODELS }),
      order_by: z
        .array(orderBy)
        .nullish()
        .transform((list) => list ?? []),
      page_token: optionalName,
    }),
    async answer(call) {
      const { input } = call
      const page = await call.tracking.searchLoggedModels({
        experimentIds: input.experiment_ids,
        filter: input.filter,
        datasets: input.datasets?.map((one) => ({
          name: one.dataset_name,
          digest: one.dataset_digest,
        })),
        maxResults: input.max_results,
        orderBy: input.order_by.map(orderText),
        pageToken: input.page_token,
        projects: searchedProjects(call),
      })
      return { models: page.items.map(loggedModelAnswer), next_page_token: page.nextPageToken }
    },
  }),
  defineRoute({
    route: 'GET logged-models/:model_id',
    purpose: 'One logged model',
    permission: 'experiments:read',
    input: z.object({ model_id: name }),
    async answer(call) {
      const model = await allowedLoggedModel(call, 'experiments:read', call.input.model_id)
      return { model: loggedModelAnswer(model) }
    },
  }),
  defineRoute({
    route: 'PATCH logged-models/:model_id',
    purpose: 'Say that a logged model is complete, or failed',
    permission: 'experiments:write',
    input: z.object({ model_id: name, status }),
    async answer(call) {
      const { id } = await allowedLoggedModel(call, 'experiments:write', call.input.model_id)
      const model = await call.tracking.finalizeLoggedModel(call.by, id, call.input.status)
      return { model: loggedModelAnswer(model) }
    },
  }),
  defineRoute({
    route: 'DELETE logged-models/:model_id',
    purpose: 'Mark a logged model deleted',
    permission: 'experiments:write',
    input: z.object({ model_id: name }),
    async answer(call) {
      const { id } = await allowedLoggedModel(call, 'experiments:write', call.input.model_id)
      await call.tracking.deleteLoggedModel(call.by, id)
      return NOTHING
    },
  }),
  defineRoute({
    route: 'PATCH logged-models/:model_id/tags',
    purpose: 'Set tags of a logged model',
    permission: 'experiments:write',
    input: z.object({ model_id: name, tags }),
    async answer(call) {
      const { id } = await allowedLoggedModel(call, 'experiments:write', call.input.model_id)
      const model = await call.tracking.setLoggedModelTags(call.by, id, call.input.tags)
      return { model: loggedModelAnswer(model) }
    },
  }),
  defineRoute({
    route: 'DELETE logged-models/:model_id/tags/:tag_key',
    purpose: 'Delete a tag of a logged model',
    permission: 'experiments:write',
    input: z.object({ model_id: name, tag_key: name }),
    async answer(call) {
      const { id } = await allowedLoggedModel(call, 'experiments:write', call.input.model_id)
      await call.tracking.deleteLoggedModelTag(call.by, id, call.input.tag_key)
      return NOTHING
    },
  }),
  defineRoute({
    route: 'POST logged-models/:model_id/params',
    purpose: 'Log more parameters of a logged model',
    permission: 'experiments:write',
    input: z.object({ model_id: name, params: parameters }),
    async answer(call) {
      const { id } = await allowedLoggedModel(call, 'experiments:write', call.input.model_id)
      await call.tracking.logLoggedModelParameters(call.by, id, call.input.params)
      return NOTHING
    },
  }),
]
