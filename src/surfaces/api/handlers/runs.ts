import type { Run } from '../../../platform/tracking/index.ts'
import { actorOf, guard } from '../caller.ts'
import type { Call, HandlersOf } from '../handler.ts'
import { requireTag } from '../http/entity-tag.ts'
import { metricNumber } from '../http/metric-value.ts'
import { searchOptions, wirePage } from '../http/search-options.ts'
import { visibleExperiments } from './visible-experiments.ts'
import { wirePoint, wireRun } from './wire-tracking.ts'

type AnyCall = Pick<Call, 'request' | 'context' | 'operation'>

async function permit(call: AnyCall, runId: string): Promise<void> {
  const { project } = await call.context.tracking.runOwner(runId)
  await guard(call, project, `run/${runId}`)
}

async function permitted(call: AnyCall, runId: string): Promise<Run> {
  await permit(call, runId)
  return call.context.tracking.run(runId)
}

export const runHandlers: HandlersOf<'runs'> = {
  'runs.list': async (call) => {
    const { context, query } = call
    const experimentIds = await visibleExperiments(call, query.experimentIds)
    const page = await context.tracking.searchRuns({
      ...searchOptions(call, query),
      view: query.view,
      experimentIds,
    })
    return wirePage(page, wireRun)
  },
  'runs.create': async (call) => {
    const { body, context } = call
    const experiment = await context.tracking.experiment(body.experimentId)
    await guard(call, experiment.project, `experiment/${experiment.id}`)
    const user = call.request.principal.name
    return wireRun(await context.tracking.createRun(actorOf(call), { ...body, user }))
  },
  'runs.get': async (call) => wireRun(await permitted(call, call.params.runId)),
  'runs.update': async (call) => {
    const { body, context, params } = call
    requireTag(call, wireRun(await permitted(call, params.runId)))
    return wireRun(await context.tracking.updateRun(actorOf(call), params.runId, body))
  },
  'runs.delete': async (call) => {
    await permit(call, call.params.runId)
    await call.context.tracking.setRunLifecycle(actorOf(call), call.params.runId, 'deleted')
    return undefined
  },
  'runs.restore': async (call) => {
    await permit(call, call.params.runId)
    await call.context.tracking.setRunLifecycle(actorOf(call), call.params.runId, 'active')
    return undefined
  },
  'runs.log': async (call) => {
    const { body, context, params } = call
    await permit(call, params.runId)
    const nowMs = Math.round(context.clock.now())
    await context.tracking.logBatch(actorOf(call), params.runId, {
      metrics: body.metrics.map(({ key, value, timestampMs, step }) => ({
        key,
        value: metricNumber(value),
        timestampMs: timestampMs ?? nowMs,
        step,
      })),
      parameters: body.parameters,
      tags: body.tags,
    })
    return undefined
  },
  'runs.metricHistory': async (call) => {
    const { context, params, query } = call
    const { runId } = params
    await permit(call, runId)
    if (query.maxPoints !== undefined) {
      const points = await context.tracking.sampleMetricHistory({
        runIds: [runId],
        key: query.key,
        maxPointsPerRun: query.maxPoints,
      })
      return { items: points.map(wirePoint) }
    }
    const page = await context.tracking.metricHistory({
      runId,
      key: query.key,
      maxResults: query.limit,
      pageToken: query.pageToken,
    })
    return wirePage(page, wirePoint)
  },
}
