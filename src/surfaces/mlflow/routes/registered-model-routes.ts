import { z } from 'zod'
import { allowedModel, allowedVersion, projectOfNew, searchedProjects } from '../access.ts'
import { modelVersionAnswer, registeredModelAnswer } from '../answers/registry-answer.ts'
import { NOTHING } from '../nothing.ts'
import { refusePrompts } from '../prompts.ts'
import { maxResults, name, names, optionalName, tags, text } from '../request-fields.ts'
import { defineRoute, type MlflowRoute } from '../route.ts'
import { versionNumber } from './model-version-routes.ts'

export const registeredModelRoutes: readonly MlflowRoute[] = [
  defineRoute({
    route: 'POST registered-models/create',
    purpose: 'Create a registered model',
    permission: 'models:write',
    input: z.object({ name, tags, description: optionalName }),
    async answer(call) {
      const { input } = call
      refusePrompts(input.tags)
      const project = await projectOfNew(call, 'models:write')
      const { name: model, description } = input
      const created = await call.catalog.createModel(call.by, {
        name: model,
        project,
        description,
        tags: input.tags,
      })
      return { registered_model: registeredModelAnswer(created) }
    },
  }),
  defineRoute({
    route: 'GET registered-models/get',
    purpose: 'One registered model',
    permission: 'models:read',
    input: z.object({ name }),
    async answer(call) {
      const model = await allowedModel(call, 'models:read', call.input.name)
      return { registered_model: registeredModelAnswer(model) }
    },
  }),
  defineRoute({
    route: 'GET registered-models/search',
    purpose: 'Registered models by filter',
    permission: 'models:read',
    lists: ['order_by'],
    input: z.object({
      filter: optionalName,
      max_results: maxResults({ usual: 100, most: 1_000 }),
      order_by: names,
      page_token: optionalName,
    }),
    async answer(call) {
      const { input } = call
      const page = await call.catalog.searchModels({
        filter: input.filter,
        maxResults: input.max_results,
        orderBy: input.order_by,
        pageToken: input.page_token,
        projects: searchedProjects(call),
      })
      const models = page.items.map(registeredModelAnswer)
      return { registered_models: models, next_page_token: page.nextPageToken }
    },
  }),
  defineRoute({
    route: 'POST registered-models/rename',
    purpose: 'Rename a registered model',
    permission: 'models:write',
    input: z.object({ name, new_name: name }),
    async answer(call) {
      await allowedModel(call, 'models:write', call.input.name)
      const renamed = await call.catalog.renameModel(call.by, call.input.name, call.input.new_name)
      return { registered_model: registeredModelAnswer(renamed) }
    },
  }),
  defineRoute({
    route: 'PATCH registered-models/update',
    purpose: 'Describe a registered model',
    permission: 'models:write',
    input: z.object({ name, description: text }),
    async answer(call) {
      await allowedModel(call, 'models:write', call.input.name)
      const { name: model, description } = call.input
      const described = await call.catalog.describeModel(call.by, model, description)
      return { registered_model: registeredModelAnswer(described) }
    },
  }),
  defineRoute({
    route: 'DELETE registered-models/delete',
    purpose: 'Delete a registered model with its versions',
    permission: 'models:write',
    input: z.object({ name }),
    async answer(call) {
      await allowedModel(call, 'models:write', call.input.name)
      await call.catalog.deleteModel(call.by, call.input.name)
      return NOTHING
    },
  }),
  defineRoute({
    route: 'POST registered-models/set-tag',
    purpose: 'Set a tag of a registered model',
    permission: 'models:write',
    input: z.object({ name, key: name, value: text }),
    async answer(call) {
      const { input } = call
      refusePrompts({ [input.key]: input.value })
      await allowedModel(call, 'models:write', input.name)
      await call.catalog.setModelTag(call.by, input.name, input.key, input.value)
      return NOTHING
    },
  }),
  defineRoute({
    route: 'DELETE registered-models/delete-tag',
    purpose: 'Delete a tag of a registered model',
    permission: 'models:write',
    input: z.object({ name, key: name }),
    async answer(call) {
      await allowedModel(call, 'models:write', call.input.name)
      await call.catalog.deleteModelTag(call.by, call.input.name, call.input.key)
      return NOTHING
    },
  }),
  ...(['GET', 'POST'] as const).map((method) =>
    defineRoute({
      route: `${method} registered-models/get-latest-versions`,
      purpose: 'The newest version of each stage',
      permission: 'models:read',
      lists: ['stages'],
      input: z.object({ name, stages: names }),
      async answer(call) {
        const { input } = call
        await allowedModel(call, 'models:read', input.name)
        const stages = input.stages.length === 0 ? undefined : input.stages
        const versions = await call.catalog.latestVersions(input.name, stages)
        return { model_versions: versions.map(modelVersionAnswer) }
      },
    }),
  ),
  defineRoute({
    route: 'GET registered-models/alias',
    purpose: 'The version that an alias names',
    permission: 'models:read',
    input: z.object({ name, alias: name }),
    async answer(call) {
      await allowedModel(call, 'models:read', call.input.name)
      const version = await call.catalog.versionByAlias(call.input.name, call.input.alias)
      return { model_version: modelVersionAnswer(version) }
    },
  }),
  defineRoute({
    route: 'POST registered-models/alias',
    purpose: 'Let an alias name a version',
    permission: 'models:promote',
    input: z.object({ name, alias: name, version: versionNumber }),
    async answer(call) {
      const { name: model, alias, version } = call.input
      await allowedVersion(call, 'models:promote', { name: model, version })
      await call.catalog.setAlias(call.by, { model, alias, version })
      return NOTHING
    },
  }),
  defineRoute({
    route: 'DELETE registered-models/alias',
    purpose: 'Delete an alias',
    permission: 'models:promote',
    input: z.object({ name, alias: name }),
    async answer(call) {
      await allowedModel(call, 'models:promote', call.input.name)
      await call.catalog.deleteAlias(call.by, call.input.name, call.input.alias)
      return NOTHING
    },
  }),
]
