import { z } from 'zod'
import { RUN_STATUSES, type RunStatus } from '../../../platform/tracking/index.ts'
import { allowedExperiment, allowRun, searchedProjects } from '../access.ts'
import { runAnswer, runInfoAnswer } from '../answers/run-answer.ts'
import { NOTHING } from '../nothing.ts'
import {
  maxResults,
  name,
  names,
  optionalInteger,
  optionalName,
  optionalText,
  tags,
  view,
} from '../request-fields.ts'
import { defineRoute, type MlflowRoute } from '../route.ts'

/** Fields beside `run_id`, or `run_uuid` as old clients say it. */
export function withRunId<S extends z.ZodRawShape>(shape: S) {
  return z.preprocess(
    (raw) => {
      if (typeof raw !== 'object' || raw === null) return raw
      const { run_id, run_uuid } = raw as Readonly<Record<string, unknown>>
      return { ...raw, run_id: run_id === undefined || run_id === '' ? run_uuid : run_id }
    },
    z.object({ ...shape, run_id: name }),
  )
}

const status = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((raw, context): RunStatus | undefined => {
    if (raw === undefined || raw === null) return undefined
    const known = RUN_STATUSES.find((one, at) => one === raw || String(at + 1) === String(raw))
    if (known !== undefined) return known
    context.addIssue({ code: 'custom', message: `one of ${RUN_STATUSES.join(', ')}`, input: raw })
    return z.NEVER
  })

const FIRST_EXPERIMENT = '0'

export const runRoutes: readonly MlflowRoute[] = [
  defineRoute({
    route: 'POST runs/create',
    purpose: 'Create a run',
    permission: 'experiments:write',
    input: z.object({
      experiment_id: optionalName,
      user_id: optionalName,
      run_name: optionalName,
      start_time: optionalInteger,
      tags,
    }),
    async answer(call) {
      const { input } = call
      const experimentId = input.experiment_id ?? FIRST_EXPERIMENT
      await allowedExperiment(call, 'experiments:write', experimentId)
      const run = await call.tracking.createRun(call.by, {
        experimentId,
        name: input.run_name,
        user: input.user_id,
        startedAtMs: input.start_time,
        tags: input.tags,
      })
      return { run: runAnswer(run) }
    },
  }),
  defineRoute({
    route: 'GET runs/get',
    purpose: 'One run with its data',
    permission: 'experiments:read',
    input: withRunId({}),
    async answer({ input, tracking, access, request }) {
      const run = await tracking.run(input.run_id)
      await access.guard(request, 'experiments:read', run.project)
      return { run: runAnswer(run) }
    },
  }),
  defineRoute({
    route: 'POST runs/update',
    purpose: 'Set status, end time or name of a run',
    permission: 'experiments:write',
    input: withRunId({
      status,
      end_time: optionalInteger,
      run_name: optionalText,
    }),
    async answer(call) {
      const { input } = call
      await allowRun(call, 'experiments:write', input.run_id)
      const run = await call.tracking.updateRun(call.by, input.run_id, {
        status: input.status,
        endedAtMs: input.end_time,
        name: input.run_name === '' ? undefined : input.run_name,
      })
      return { run_info: runInfoAnswer(run) }
    },
  }),
  ...(['delete', 'restore'] as const).map((verb) =>
    defineRoute({
      route: `POST runs/${verb}`,
      purpose: verb === 'delete' ? 'Mark a run deleted' : 'Bring one back',
      permission: 'experiments:write',
      input: z.object({ run_id: name }),
      async answer(call) {
        const { run_id } = call.input
        await allowRun(call, 'experiments:write', run_id)
        const lifecycle = verb === 'delete' ? 'deleted' : 'active'
        await call.tracking.setRunLifecycle(call.by, run_id, lifecycle)
        return NOTHING
      },
    }),
  ),
  defineRoute({
    route: 'POST runs/search',
    purpose: 'Runs by filter, with their data',
    permission: 'experiments:read',
    input: z.object({
      experiment_ids: names,
      filter: optionalName,
      run_view_type: view,
      max_results: maxResults({ usual: 1_000, most: 50_000 }),
      order_by: names,
      page_token: optionalName,
    }),
    async answer(call) {
      const { input } = call
      const page = await call.tracking.searchRuns({
        experimentIds: input.experiment_ids,
        filter: input.filter,
        view: input.run_view_type,
        maxResults: input.max_results,
        orderBy: input.order_by,
        pageToken: input.page_token,
        projects: searchedProjects(call),
      })
      return { runs: page.items.map(runAnswer), next_page_token: page.nextPageToken }
    },
  }),
]
