import { z } from 'zod'
import { allowedExperiment, projectOfNew, searchedProjects } from '../access.ts'
import { experimentAnswer } from '../answers/experiment-answer.ts'
import { checkArtifactLocation } from '../client-location.ts'
import { mlflowErrors } from '../errors.ts'
import { NOTHING } from '../nothing.ts'
import { maxResults, name, names, optionalName, tags, text, view } from '../request-fields.ts'
import { defineRoute, type MlflowRoute, type RouteCall } from '../route.ts'

const searchInput = z.object({
  filter: optionalName,
  order_by: names,
  view_type: view,
  max_results: maxResults({ usual: 1_000, most: 50_000 }),
  page_token: optionalName,
})

async function searchExperiments(call: RouteCall<z.output<typeof searchInput>>) {
  const { input } = call
  const page = await call.tracking.searchExperiments({
    filter: input.filter,
    orderBy: input.order_by,
    view: input.view_type,
    maxResults: input.max_results,
    pageToken: input.page_token,
    projects: searchedProjects(call),
  })
  return { experiments: page.items.map(experimentAnswer), next_page_token: page.nextPageToken }
}

export const experimentRoutes: readonly MlflowRoute[] = [
  defineRoute({
    route: 'POST experiments/create',
    purpose: 'Create an experiment',
    permission: 'experiments:write',
    input: z.object({ name, artifact_location: optionalName, tags }),
    async answer(call) {
      const { input, by, tracking } = call
      const artifactLocation = input.artifact_location
      if (artifactLocation !== undefined) checkArtifactLocation(call, artifactLocation)
      const project = await projectOfNew(call, 'experiments:write')
      const { id } = await tracking.createExperiment(by, {
        name: input.name,
        project,
        artifactLocation,
        tags: input.tags,
      })
      return { experiment_id: id }
    },
  }),
  defineRoute({
    route: 'GET experiments/get',
    purpose: 'One experiment by id',
    permission: 'experiments:read',
    input: z.object({ experiment_id: name }),
    async answer(call) {
      const experiment = await allowedExperiment(call, 'experiments:read', call.input.experiment_id)
      return { experiment: experimentAnswer(experiment) }
    },
  }),
  defineRoute({
    route: 'GET experiments/get-by-name',
    purpose: 'One experiment by name',
    permission: 'experiments:read',
    input: z.object({ experiment_name: name }),
    async answer({ input, tracking, access, request }) {
      const found = await tracking.findExperimentByName(input.experiment_name)
      if (found === undefined) {
        const kind = 'experiment'
        throw mlflowErrors.MLFLOW_NAME_UNKNOWN({ kind, name: input.experiment_name })
      }
      await access.guard(request, 'experiments:read', found.project)
      return { experiment: experimentAnswer(found) }
    },
  }),
  ...(['GET', 'POST'] as const).map((method) =>
    defineRoute({
      route: `${method} experiments/search`,
      purpose: 'Experiments by filter',
      permission: 'experiments:read',
      lists: ['order_by'],
      input: searchInput,
      answer: searchExperiments,
    }),
  ),
  ...(['delete', 'restore'] as const).map((verb) =>
    defineRoute({
      route: `POST experiments/${verb}`,
      purpose: verb === 'delete' ? 'Mark an experiment deleted' : 'Bring one back',
      permission: 'experiments:write',
      input: z.object({ experiment_id: name }),
      async answer(call) {
        const { id } = await allowedExperiment(call, 'experiments:write', call.input.experiment_id)
        const lifecycle = verb === 'delete' ? 'deleted' : 'active'
        await call.tracking.setExperimentLifecycle(call.by, id, lifecycle)
        return NOTHING
      },
    }),
  ),
  defineRoute({
    route: 'POST experiments/update',
    purpose: 'Rename an experiment',
    permission: 'experiments:write',
    input: z.object({ experiment_id: name, new_name: name }),
    async answer(call) {
      const { id } = await allowedExperiment(call, 'experiments:write', call.input.experiment_id)
      await call.tracking.renameExperiment(call.by, id, call.input.new_name)
      return NOTHING
    },
  }),
  defineRoute({
    route: 'POST experiments/set-experiment-tag',
    purpose: 'Set a tag of an experiment',
    permission: 'experiments:write',
    input: z.object({ experiment_id: name, key: name, value: text }),
    async answer(call) {
      const { input } = call
      const { id } = await allowedExperiment(call, 'experiments:write', input.experiment_id)
      await call.tracking.setExperimentTags(call.by, id, { [input.key]: input.value })
      return NOTHING
    },
  }),
  defineRoute({
    route: 'POST experiments/delete-experiment-tag',
    purpose: 'Delete a tag of an experiment',
    permission: 'experiments:write',
    input: z.object({ experiment_id: name, key: name }),
    async answer(call) {
      const { id } = await allowedExperiment(call, 'experiments:write', call.input.experiment_id)
      await call.tracking.deleteExperimentTag(call.by, id, call.input.key)
      return NOTHING
    },
  }),
]
