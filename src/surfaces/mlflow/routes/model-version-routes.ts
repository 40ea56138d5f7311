import { z } from 'zod'
import { type CatalogVersion, STAGES } from '../../../stages/registry/catalog/index.ts'
import { allowedModel, allowedVersion, searchedProjects } from '../access.ts'
import { modelVersionAnswer } from '../answers/registry-answer.ts'
import { NOTHING } from '../nothing.ts'
import { refusePrompts } from '../prompts.ts'
import { maxResults, name, names, optionalName, tags, text } from '../request-fields.ts'
import { resolveSource } from '../resolve-source.ts'
import { defineRoute, type MlflowRoute, type RouteCall } from '../route.ts'

const LONGEST_VERSION = 9
/** Who asks for more gets a page token, as for any search. */
const MOST_ON_A_PAGE = 50_000

/** A version's number, as number or text. */
export const versionNumber = z.union([z.string(), z.number()]).transform((raw, context) => {
  const digits = String(raw)
  if (/^\d+$/.test(digits) && digits.length <= LONGEST_VERSION) return Number(digits)
  context.addIssue({ code: 'custom', message: 'the number of a version', input: raw })
  return z.NEVER
})

const place = { name, version: versionNumber }

const stage = z.string().transform((raw, context) => {
  const known = STAGES.find((one) => one.toLowerCase() === raw.toLowerCase())
  if (known !== undefined) return known
  context.addIssue({ code: 'custom', message: `one of ${STAGES.join(', ')}`, input: raw })
  return z.NEVER
})

/** The tag by which a logged model names the versions made of it. */
const VERSIONS_TAG = 'mlflow.modelVersions'

/** As MLflow's own server does, the logged model is told of its version. */
async function tellLoggedModel(call: RouteCall, created: CatalogVersion): Promise<void> {
  if (created.modelId === null) return
  const note = { name: created.model, version: created.version }
  const { tags: known } = await call.tracking.loggedModel(created.modelId)
  const notes = [...parsedNotes(known[VERSIONS_TAG]), note]
  await call.tracking.setLoggedModelTags(call.by, created.modelId, {
    [VERSIONS_TAG]: JSON.stringify(notes),
  })
}

function parsedNotes(noted: string | undefined): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(noted ?? '[]')
    return Array.isArray(parsed) ? parsed : []
  } catch {
    // A client may have written anything into the tag; then it starts anew.
    return []
  }
}

export const modelVersionRoutes: readonly MlflowRoute[] = [
  defineRoute({
    route: 'POST model-versions/create',
    purpose: 'Register a version of a model',
    permission: 'models:write',
    input: z.object({
      name,
      source: name,
      run_id: optionalName,
      model_id: optionalName,
      run_link: optionalName,
      description: optionalName,
      tags,
    }),
    async answer(call) {
      const { input } = call
      refusePrompts(input.tags)
      await allowedModel(call, 'models:write', input.name)
      const { source } = input
      const given = { source, runId: input.run_id, modelId: input.model_id }
      const resolved = await resolveSource(call, given)
      const created = await call.catalog.createVersion(call.by, {
        ...resolved,
        model: input.name,
        source,
        runLink: input.run_link,
        description: input.description,
        tags: input.tags,
        user: call.by.name,
      })
      await tellLoggedModel(call, created)
      return { model_version: modelVersionAnswer(created) }
    },
  }),
  defineRoute({
    route: 'GET model-versions/get',
    purpose: 'One version',
    permission: 'models:read',
    input: z.object(place),
    async answer(call) {
      const version = await allowedVersion(call, 'models:read', call.input)
      return { model_version: modelVersionAnswer(version) }
    },
  }),
  defineRoute({
    route: 'GET model-versions/search',
    purpose: 'Versions by filter',
    permission: 'models:read',
    lists: ['order_by'],
    input: z.object({
      filter: optionalName,
      max_results: maxResults({ usual: 200_000, most: 200_000 }),
      order_by: names,
      page_token: optionalName,
    }),
    async answer(call) {
      const { input } = call
      const page = await call.catalog.searchVersions({
        filter: input.filter,
        maxResults: Math.min(input.max_results, MOST_ON_A_PAGE),
        orderBy: input.order_by,
        pageToken: input.page_token,
        projects: searchedProjects(call),
      })
      const versions = page.items.map(modelVersionAnswer)
      return { model_versions: versions, next_page_token: page.nextPageToken }
    },
  }),
  defineRoute({
    route: 'GET model-versions/get-download-uri',
    purpose: "Where a version's files are",
    permission: 'models:read',
    input: z.object(place),
    async answer(call) {
      const version = await allowedVersion(call, 'models:read', call.input)
      return { artifact_uri: version.artifactUri }
    },
  }),
  defineRoute({
    route: 'PATCH model-versions/update',
    purpose: 'Describe a version',
    permission: 'models:write',
    input: z.object({ ...place, description: text }),
    async answer(call) {
      const { input } = call
      const { model, version } = await allowedVersion(call, 'models:write', input)
      const described = await call.catalog.describeVersion(
        call.by,
        model,
        version,
        input.description,
      )
      return { model_version: modelVersionAnswer(described) }
    },
  }),
  defineRoute({
    route: 'POST model-versions/transition-stage',
    purpose: 'Put a version into a stage',
    permission: 'models:promote',
    input: z.object({
      ...place,
      stage,
      archive_existing_versions: z
        .boolean()
        .nullish()
        .transform((given) => given ?? false),
    }),
    async answer(call) {
      const { input } = call
      const { model, version } = await allowedVersion(call, 'models:promote', input)
      const moved = await call.catalog.transitionStage(call.by, {
        model,
        version,
        stage: input.stage,
        archiveExisting: input.archive_existing_versions,
      })
      return { model_version: modelVersionAnswer(moved) }
    },
  }),
  defineRoute({
    route: 'DELETE model-versions/delete',
    purpose: 'Delete a version',
    permission: 'models:write',
    input: z.object(place),
    async answer(call) {
      const { model, version } = await allowedVersion(call, 'models:write', call.input)
      await call.catalog.deleteVersion(call.by, model, version)
      return NOTHING
    },
  }),
  defineRoute({
    route: 'POST model-versions/set-tag',
    purpose: 'Set a tag of a version',
    permission: 'models:write',
    input: z.object({ ...place, key: name, value: text }),
    async answer(call) {
      const { key, value } = call.input
      const { model, version } = await allowedVersion(call, 'models:write', call.input)
      await call.catalog.setVersionTag(call.by, { model, version, key, value })
      return NOTHING
    },
  }),
  defineRoute({
    route: 'DELETE model-versions/delete-tag',
    purpose: 'Delete a tag of a version',
    permission: 'models:write',
    input: z.object({ ...place, key: name }),
    async answer(call) {
      const { key } = call.input
      const { model, version } = await allowedVersion(call, 'models:write', call.input)
      await call.catalog.deleteVersionTag(call.by, { model, version, key })
      return NOTHING
    },
  }),
]
