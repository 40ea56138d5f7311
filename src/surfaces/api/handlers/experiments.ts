import type { Experiment } from '../../../platform/tracking/index.ts'
import { actorOf, guard, readableProjects } from '../caller.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { requireTag } from '../http/entity-tag.ts'
import { searchOptions, wirePage } from '../http/search-options.ts'
import { visibleExperiments } from './visible-experiments.ts'

/** The experiment, when the caller may do with it what the operation does. */
async function permitted(
  call: Pick<Call, 'request' | 'context' | 'operation'>,
  experimentId: string,
): Promise<Experiment> {
  const experiment = await call.context.tracking.experiment(experimentId)
  await guard(call, experiment.project, `experiment/${experimentId}`)
  return experiment
}

export const experimentHandlers: HandlersOf<'experiments'> = {
  'experiments.list': async (call) => {
    const { context, query } = call
    const page = await context.tracking.searchExperiments({
      ...searchOptions(call, query),
      view: query.view,
    })
    return wirePage(page, (experiment) => experiment)
  },
  'experiments.counts': async (call) => {
    const { context, query } = call
    const experimentIds = await visibleExperiments(call, query.experimentIds)
    const projects = readableProjects(call)
    const { view } = query
    const counts = await context.tracking.countRuns({ experimentIds, view, projects })
    return { items: counts.map((count) => ({ ...count, byStatus: { ...count.byStatus } })) }
  },
  'experiments.create': async (call) => {
    const { body, context, request } = call
    const project = body.project ?? request.principal.defaultProject
    await guard(call, project, `experiment "${body.name}"`)
    return context.tracking.createExperiment(actorOf(call), { ...body, project })
  },
  'experiments.get': (call) => permitted(call, call.params.experimentId),
  'experiments.update': async (call) => {
    const { body, context, params } = call
    requireTag(call, await permitted(call, params.experimentId))
    const { experimentId } = params
    const actor = actorOf(call)
    if (body.name !== undefined) {
      await context.tracking.renameExperiment(actor, experimentId, body.name)
    }
    if (body.tags !== undefined) {
      await context.tracking.setExperimentTags(actor, experimentId, body.tags)
    }
    return context.tracking.experiment(experimentId)
  },
  'experiments.delete': async (call) => {
    await permitted(call, call.params.experimentId)
    const { tracking } = call.context
    await tracking.setExperimentLifecycle(actorOf(call), call.params.experimentId, 'deleted')
    return undefined
  },
  'experiments.restore': async (call) => {
    await permitted(call, call.params.experimentId)
    const { tracking } = call.context
    await tracking.setExperimentLifecycle(actorOf(call), call.params.experimentId, 'active')
    return undefined
  },
}
