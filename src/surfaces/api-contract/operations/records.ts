import { z } from 'zod'
import { RECORD_KINDS, type RecordKind } from '../../../core/records/index.ts'
import type { Operation } from '../operation.ts'
import { fieldsQuery, nameSchema, pageOf, pageQuery, timeMsSchema } from '../schemas/paging.ts'

/** The belt's immutable records: name in operations, folder in paths. */
export const RECORD_RESOURCES = {
  snapshots: { kind: 'snapshot', path: 'snapshots' },
  datasets: { kind: 'dataset', path: 'datasets' },
  featureTables: { kind: 'feature-table', path: 'feature-tables' },
  frames: { kind: 'frame', path: 'frames' },
  feasibilities: { kind: 'feasibility', path: 'feasibilities' },
  selections: { kind: 'selection', path: 'selections' },
  trainedRuns: { kind: 'run', path: 'trained-runs' },
  runRecipes: { kind: 'run-recipe', path: 'run-recipes' },
  failedRuns: { kind: 'failed-run', path: 'failed-runs' },
  tunings: { kind: 'tuning', path: 'tunings' },
  evaluations: { kind: 'evaluation', path: 'evaluations' },
  verdicts: { kind: 'verdict', path: 'verdicts' },
  versionRecords: { kind: 'model-version', path: 'version-records' },
  rolloutDecisions: { kind: 'rollout-decision', path: 'rollout-decisions' },
  monitorWindows: { kind: 'monitor-window', path: 'monitor-windows' },
  retrainingDecisions: { kind: 'retraining-decision', path: 'retraining-decisions' },
  retrainingOutcomes: { kind: 'retraining-outcome', path: 'retraining-outcomes' },
  beltRuns: { kind: 'belt-run', path: 'belt-runs' },
} as const satisfies Readonly<Record<string, { readonly kind: RecordKind; readonly path: string }>>

export type RecordResource = keyof typeof RECORD_RESOURCES

const project = z.object({ project: nameSchema })
const one = project.extend({ id: nameSchema })
const pageQuerySchema = z.object({
  ...pageQuery,
  count: z.stringbool().default(false).describe('Also count all of them, as `totalCount`'),
})

function storedRecord<K extends RecordKind>(kind: K) {
  const record: (typeof RECORD_KINDS)[K] = RECORD_KINDS[kind]
  return z.object({ id: z.string(), createdAtMs: timeMsSchema, record })
}

function listOperation<K extends RecordKind>(kind: K, path: string) {
  return {
    method: 'GET',
    path: `/projects/{project}/${path}`,
    summary: `Records of kind "${kind}", newest first`,
    permission: 'experiments:read',
    params: project,
    query: pageQuerySchema,
    response: pageOf(storedRecord(kind)).extend({ totalCount: z.number().int().optional() }),
  } as const satisfies Operation
}

function getOperation<K extends RecordKind>(kind: K, path: string) {
  return {
    method: 'GET',
    path: `/projects/{project}/${path}/{id}`,
    summary: `One record of kind "${kind}"`,
    permission: 'experiments:read',
    params: one,
    query: fieldsQuery,
    response: storedRecord(kind),
    tagged: true,
  } as const satisfies Operation
}

type KindOf<R extends RecordResource> = (typeof RECORD_RESOURCES)[R]['kind']

export type RecordOperations = {
  readonly [R in RecordResource as `${R}.list`]: ReturnType<typeof listOperation<KindOf<R>>>
} & {
  readonly [R in RecordResource as `${R}.get`]: ReturnType<typeof getOperation<KindOf<R>>>
}

export const RECORD_OPERATIONS = Object.fromEntries(
  Object.entries(RECORD_RESOURCES).flatMap(([resource, { kind, path }]) => [
    [`${resource}.list`, listOperation(kind, path)],
    [`${resource}.get`, getOperation(kind, path)],
  ]),
) as RecordOperations
