import { z } from 'zod'
import { allowRun } from '../access.ts'
import { metricAnswer } from '../answers/run-answer.ts'
import { writeDouble } from '../numbers.ts'
import { maxResults, name, optionalInteger, optionalName } from '../request-fields.ts'
import { defineRoute, type MlflowRoute, type RouteCall } from '../route.ts'
import { withRunId } from './run-routes.ts'

const MOST_RUNS = 100
const MOST_POINTS_PER_RUN = 2_500
const MOST_BULK_POINTS = 25_000

const runList = z.array(name).min(1).max(MOST_RUNS, `at most ${MOST_RUNS} runs`)

async function allowRuns(call: Omit<RouteCall, 'input'>, runIds: readonly string[]): Promise<void> {
  for (const id of runIds) await allowRun(call, 'experiments:read', id)
}

export const metricRoutes: readonly MlflowRoute[] = [
  defineRoute({
    route: 'GET metrics/get-history',
    purpose: 'All points of a metric of a run',
    permission: 'experiments:read',
    input: withRunId({
      metric_key: name,
      page_token: optionalName,
      max_results: optionalInteger.refine((value) => value === undefined || value > 0, {
        message: 'a positive whole number',
      }),
    }),
    async answer(call) {
      const { input } = call
      await allowRun(call, 'experiments:read', input.run_id)
      const page = await call.tracking.metricHistory({
        runId: input.run_id,
        key: input.metric_key,
        maxResults: input.max_results,
        pageToken: input.page_token,
      })
      return { metrics: page.items.map(metricAnswer), next_page_token: page.nextPageToken }
    },
  }),
  defineRoute({
    route: 'GET metrics/get-history-bulk-interval',
    purpose: 'Points of a metric of several runs, thinned out for a plot',
    permission: 'experiments:read',
    lists: ['run_ids'],
    input: z.object({
      run_ids: runList,
      metric_key: name,
      start_step: optionalInteger,
      end_step: optionalInteger,
      max_results: maxResults({ usual: MOST_POINTS_PER_RUN, most: MOST_POINTS_PER_RUN }),
    }),
    async answer(call) {
      const { input } = call
      await allowRuns(call, input.run_ids)
      const points = await call.tracking.sampleMetricHistory({
        runIds: input.run_ids,
        key: input.metric_key,
        startStep: input.start_step,
        endStep: input.end_step,
        maxPointsPerRun: input.max_results,
      })
      return {
        metrics: points.map((point) => ({
          key: point.key,
          value: writeDouble(point.value),
          timestamp: point.timestampMs,
          step: point.step,
          run_id: point.runId,
        })),
      }
    },
  }),
  defineRoute({
    route: 'GET metrics/get-history-bulk',
    isForPages: true,
    purpose: 'First points of a metric of several runs',
    permission: 'experiments:read',
    lists: ['run_id'],
    input: z.object({
      run_id: runList,
      metric_key: name,
      max_results: maxResults({ usual: MOST_BULK_POINTS, most: Number.MAX_SAFE_INTEGER }),
    }),
    async answer(call) {
      const { input } = call
      await allowRuns(call, input.run_id)
      const most = Math.min(input.max_results, MOST_BULK_POINTS)
      const metrics: object[] = []
      for (const id of [...new Set(input.run_id)].sort()) {
        const left = most - metrics.length
        if (left === 0) break
        const options = { runId: id, key: input.metric_key, maxResults: left }
        const { items } = await call.tracking.metricHistory(options)
        for (const point of items) metrics.push({ ...metricAnswer(point), run_id: id })
      }
      return { metrics }
    },
  }),
]
