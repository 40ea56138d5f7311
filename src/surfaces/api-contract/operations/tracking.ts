import { z } from 'zod'
import type { Operations } from '../operation.ts'
import { fieldsQuery, listOf, pageOf, pageQuery, searchQuery } from '../schemas/paging.ts'
import {
  experimentChangeSchema,
  experimentSchema,
  logBatchSchema,
  loggedModelSchema,
  metricPointSchema,
  newExperimentSchema,
  newRunSchema,
  runChangeSchema,
  runSchema,
} from '../schemas/tracking.ts'

const viewQuery = z.enum(['active', 'deleted', 'all']).default('active')
const experimentIdsQuery = z
  .string()
  .max(4_000)
  .optional()
  .describe('Comma-separated; all that the caller may see when absent')
const experiment = z.object({ experimentId: z.string().min(1).max(40) })
const run = z.object({ runId: z.string().min(1).max(64) })
const loggedModel = z.object({ modelId: z.string().min(1).max(64) })

export const TRACKING_OPERATIONS = {
  'experiments.list': {
    method: 'GET',
    path: '/experiments',
    summary: 'Experiments, newest first',
    permission: 'experiments:read',
    query: searchQuery.extend({ view: viewQuery }),
    response: pageOf(experimentSchema),
  },
  'experiments.counts': {
    method: 'GET',
    path: '/experiments/counts',
    summary: 'How many runs experiments have, by status',
    permission: 'experiments:read',
    query: z.object({ experimentIds: experimentIdsQuery, view: viewQuery }),
    response: listOf(
      z.object({
        experimentId: z.string(),
        runs: z.number().int(),
        byStatus: z.record(z.string(), z.number().int()),
      }),
    ),
  },
  'experiments.create': {
    method: 'POST',
    path: '/experiments',
    summary: 'Create an experiment',
    permission: 'experiments:write',
    body: newExperimentSchema,
    response: experimentSchema,
    idempotent: true,
    tagged: true,
  },
  'experiments.get': {
    method: 'GET',
    path: '/experiments/{experimentId}',
    summary: 'One experiment',
    permission: 'experiments:read',
    params: experiment,
    query: fieldsQuery,
    response: experimentSchema,
    tagged: true,
  },
  'experiments.update': {
    method: 'PATCH',
    path: '/experiments/{experimentId}',
    summary: 'Rename an experiment, set tags',
    permission: 'experiments:write',
    params: experiment,
    body: experimentChangeSchema,
    response: experimentSchema,
    tagged: true,
  },
  'experiments.delete': {
    method: 'DELETE',
    path: '/experiments/{experimentId}',
    summary: 'Mark an experiment as deleted; it can be restored until garbage is collected',
    permission: 'experiments:write',
    params: experiment,
  },
  'experiments.restore': {
    method: 'POST',
    path: '/experiments/{experimentId}/restore',
    summary: 'Take a deletion back',
    permission: 'experiments:write',
    params: experiment,
  },
  'runs.list': {
    method: 'GET',
    path: '/runs',
    summary: 'Runs of experiments, newest first unless ordered otherwise',
    permission: 'experiments:read',
    query: searchQuery.extend({ experimentIds: experimentIdsQuery, view: viewQuery }),
    response: pageOf(runSchema),
  },
  'runs.create': {
    method: 'POST',
    path: '/runs',
    summary: 'Start a run',
    permission: 'experiments:write',
    body: newRunSchema,
    response: runSchema,
    idempotent: true,
    tagged: true,
  },
  'runs.get': {
    method: 'GET',
    path: '/runs/{runId}',
    summary: 'One run with its newest metrics, parameters and tags',
    permission: 'experiments:read',
    params: run,
    query: fieldsQuery,
    response: runSchema,
    tagged: true,
  },
  'runs.update': {
    method: 'PATCH',
    path: '/runs/{runId}',
    summary: 'Rename a run, set its status, end it',
    permission: 'experiments:write',
    params: run,
    body: runChangeSchema,
    response: runSchema,
    tagged: true,
  },
  'runs.delete': {
    method: 'DELETE',
    path: '/runs/{runId}',
    summary: 'Mark a run as deleted; it can be restored until garbage is collected',
    permission: 'experiments:write',
    params: run,
  },
  'runs.restore': {
    method: 'POST',
    path: '/runs/{runId}/restore',
    summary: 'Take a deletion back',
    permission: 'experiments:write',
    params: run,
  },
  'runs.log': {
    method: 'POST',
    path: '/runs/{runId}/log',
    summary: 'Log metrics, parameters and tags: all of them or none',
    permission: 'experiments:write',
    params: run,
    body: logBatchSchema,
  },
  'runs.metricHistory': {
    method: 'GET',
    path: '/runs/{runId}/metrics',
    summary: 'All points of one metric; or, with `maxPoints`, a sample for a plot',
    permission: 'experiments:read',
    params: run,
    query: z.object({
      ...pageQuery,
      key: z.string().min(1).max(250),
      maxPoints: z.coerce.number().int().min(2).max(10_000).optional(),
    }),
    response: pageOf(metricPointSchema),
  },
  'loggedModels.list': {
    method: 'GET',
    path: '/logged-models',
    summary: 'Models that clients logged',
    permission: 'experiments:read',
    query: searchQuery.extend({ experimentIds: experimentIdsQuery }),
    response: pageOf(loggedModelSchema),
  },
  'loggedModels.get': {
    method: 'GET',
    path: '/logged-models/{modelId}',
    summary: 'One logged model',
    permission: 'experiments:read',
    params: loggedModel,
    query: fieldsQuery,
    response: loggedModelSchema,
    tagged: true,
  },
} as const satisfies Operations
