import { z } from 'zod'
import { endpointStateSchema, PROBLEM_TYPES } from '../../../core/records/index.ts'
import type { Operations } from '../operation.ts'
import { listOf, nameSchema, timeMsSchema } from '../schemas/paging.ts'

const model = z.object({ model: nameSchema })
const version = z.coerce.number().int().min(1)
const project = z.object({ project: nameSchema })
const estimate = z
  .object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() })
  .nullable()
const differences = z.array(
  z.object({ name: z.string(), left: z.unknown().optional(), right: z.unknown().optional() }),
)
const endpoint = z.object({ revision: z.number().int(), state: endpointStateSchema })

const garbagePolicy = {
  olderThanDays: z.coerce
    .number()
    .min(0)
    .max(36_500)
    .default(30)
    .describe('What was deleted this long ago or longer'),
  keepVersions: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Versions that each model keeps beside those in use; all when absent'),
}
const counts = z.object({
  runs: z.number().int(),
  loggedModels: z.number().int(),
  experiments: z.number().int(),
  versions: z.number().int(),
  models: z.number().int(),
  outdated: z.number().int().describe('Versions that retention no longer keeps'),
})

export const LIFECYCLE_OPERATIONS = {
  'versions.compare': {
    method: 'GET',
    path: '/models/{model}/comparison',
    summary: 'How one version differs from another: metrics, parameters, signature, lineage, size',
    permission: 'models:read',
    params: model,
    query: z.object({ left: version, right: version }),
    response: z.object({
      model: z.string(),
      left: z.number().int(),
      right: z.number().int(),
      metrics: z.array(
        z.object({
          metric: z.string(),
          left: estimate,
          right: estimate,
          difference: z.number().nullable().describe('Right less left'),
        }),
      ),
      candidate: differences,
      parameters: differences,
      signature: differences,
      lineage: differences,
      sizeDifferenceBytes: z.number().int(),
    }),
  },
  'versions.adopt': {
    method: 'POST',
    path: '/models/{model}/versions/{version}/adopt',
    summary: "Make a client's version deployable: read it in a sandbox, convert it, try it",
    permission: 'models:write',
    params: model.extend({ version }),
    body: z.strictObject({
      problemType: z.enum(PROBLEM_TYPES).optional(),
      threshold: z.number().gt(0).lt(1).optional(),
    }),
    response: z.object({
      recordId: z.string(),
      parity: z.unknown().describe('The served file against the original; null where they are one'),
      notes: z.array(z.string()),
    }),
  },
  'endpoints.list': {
    method: 'GET',
    path: '/projects/{project}/endpoints',
    summary: 'Endpoints of a project, and what they serve',
    permission: 'models:read',
    params: project,
    response: listOf(endpoint),
  },
  'endpoints.get': {
    method: 'GET',
    path: '/projects/{project}/endpoints/{endpoint}',
    summary: 'What an endpoint serves',
    permission: 'models:read',
    params: project.extend({ endpoint: nameSchema }),
    response: endpoint,
    tagged: true,
  },
  'jobs.list': {
    method: 'GET',
    path: '/jobs',
    summary: "The server's own jobs: when they ran, how they ended, when they run next",
    permission: 'server:admin',
    response: listOf(
      z.object({
        name: z.string(),
        nextDueMs: timeMsSchema,
        lastStartedMs: timeMsSchema.nullable(),
        lastEndedMs: timeMsSchema.nullable(),
        lastError: z.string().nullable(),
      }),
    ),
  },
  'garbage.plan': {
    method: 'GET',
    path: '/garbage',
    summary: 'What a collection would remove, and what is kept because it is in use',
    permission: 'server:admin',
    query: z.object(garbagePolicy),
    response: counts.extend({
      orphans: z.array(z.object({ path: z.string(), bytes: z.number().int() })),
      kept: z.array(z.object({ what: z.string(), because: z.string() })),
      elsewhere: z.array(z.string()).describe('Files outside the destination; they are left alone'),
    }),
  },
  'garbage.collect': {
    method: 'POST',
    path: '/garbage/collections',
    summary: 'Remove what was deleted long enough ago, rows and files',
    permission: 'server:admin',
    body: z.strictObject(garbagePolicy),
    response: counts.extend({ files: z.number().int(), skipped: z.array(z.string()) }),
    idempotent: true,
  },
} as const satisfies Operations
