import { createHash } from 'node:crypto'
import type { Change, Transaction } from '../database/index.ts'
import type { GroupOutcome, WaitingBatch } from './batch-queue.ts'
import { excerpt } from './entry-limits.ts'
import { trackingErrors as errors } from './errors.ts'
import {
  type Accepted,
  type GroupRun,
  writeModelMetrics,
  writePoints,
  writeTexts,
} from './group-rows.ts'
import type { LogBatch } from './run.ts'
import { run } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'

const RUNS_SQL = {
  sqlite: `SELECT r.id, r.number, r.experiment, r.is_deleted, e.project
    FROM json_each(?) ids CROSS JOIN runs r ON r.id = ids.value
    JOIN experiments e ON e.number = r.experiment`,
  // Locked in one order by all servers: what a group reads of a run stays true until it commits.
  postgres: `SELECT r.id, r.number, r.experiment, r.is_deleted, e.project
    FROM runs r JOIN experiments e ON e.number = r.experiment
    WHERE r.id = ANY($1::text[]) ORDER BY r.number FOR NO KEY UPDATE OF r`,
}
const PARAMETERS_SQL = {
  sqlite: `SELECT p.run, p.key, p.value
    FROM json_each(?) pairs CROSS JOIN run_parameters p
    ON p.run = pairs.value ->> 0 AND p.key = pairs.value ->> 1`,
  postgres: `SELECT p.run, p.key, p.value
    FROM json_to_recordset($1) AS pairs (run bigint, key bigint)
    JOIN run_parameters p ON p.run = pairs.run AND p.key = pairs.key`,
}
const MODELS_SQL = {
  sqlite: 'SELECT id, number FROM logged_models WHERE id IN (SELECT value FROM json_each(?))',
  postgres: 'SELECT id, number FROM logged_models WHERE id = ANY($1::text[])',
}

/**
 * Writes a group of batches in one transaction. A faulty batch is left out as a whole, with its error
 * in the outcome; everything that could be wrong is found before the first row is written.
 */
export async function writeGroup(
  context: TrackingContext,
  group: readonly WaitingBatch[],
): Promise<GroupOutcome> {
  const keys = await context.keys.ensure(keysOf(group))
  return context.database.transaction(async (transaction) => {
    const judge = await prepareJudge(context, transaction, { group, keys })
    const outcome: (Error | undefined)[] = []
    const accepted: Accepted[] = []
    for (const waiting of group) {
      const run = judge.runs.get(waiting.runId)
      const fault = faultOf(waiting, judge)
      outcome.push(fault)
      if (run && !fault) accepted.push({ ...waiting, run })
    }
    await writePoints(context, transaction, { accepted, keys })
    await writeModelMetrics(context, transaction, { accepted, keys, models: judge.models })
    await writeTexts(context, transaction, { accepted, keys })
    if (context.listener && accepted.length > 0)
      await context.listener(transaction, accepted.map(changeOf))
    return outcome
  })
}

interface Judge {
  readonly runs: ReadonlyMap<string, GroupRun>
  /** Values of parameters by run and key: stored ones, and those of batches accepted before. */
  readonly parameters: Map<string, string>
  readonly models: ReadonlyMap<string, number>
  readonly keys: ReadonlyMap<string, number>
}

async function prepareJudge(
  { database: { dialect } }: TrackingContext,
  transaction: Transaction,
  { group, keys }: { group: readonly WaitingBatch[]; keys: ReadonlyMap<string, number> },
): Promise<Judge> {
  const list = (values: Iterable<string>) =>
    dialect === 'sqlite' ? JSON.stringify([...values]) : [...values]
  const ids = new Set(group.map(({ runId }) => runId))
  const rows = await run<GroupRun>(transaction, RUNS_SQL[dialect], [list(ids)])
  const runs = new Map(rows.map((row) => [row.id, row]))
  const pairs = group.flatMap(({ runId, batch }) => {
    const number = runs.get(runId)?.number
    return number === undefined
      ? []
      : batch.parameters.map(({ key }) => ({ run: number, key: keys.get(key) }))
  })
  const parameters = new Map<string, string>()
  if (pairs.length > 0) {
    const text = JSON.stringify(
      dialect === 'sqlite' ? pairs.map((pair) => [pair.run, pair.key]) : pairs,
    )
    const stored = await run<{ run: number; key: number; value: string }>(
      transaction,
      PARAMETERS_SQL[dialect],
      [text],
    )
    for (const row of stored) parameters.set(`${row.run}/${row.key}`, row.value)
  }
  const modelIds = new Set(
    group.flatMap(({ batch }) => batch.metrics.flatMap(({ modelId }) => modelId || [])),
  )
  const models = new Map<string, number>()
  if (modelIds.size > 0) {
    const found = await run<{ id: string; number: number }>(transaction, MODELS_SQL[dialect], [
      list(modelIds),
    ])
    for (const { id, number } of found) models.set(id, number)
  }
  return { runs, parameters, models, keys }
}

function faultOf({ runId, batch }: WaitingBatch, judge: Judge): Error | undefined {
  const run = judge.runs.get(runId)
  if (!run) return errors.RUN_NOT_FOUND({ id: excerpt(runId) })
  if (run.is_deleted === 1) return errors.RUN_NOT_ACTIVE({ id: runId })
  for (const { modelId } of batch.metrics)
    if (modelId && !judge.models.has(modelId))
      return errors.LOGGED_MODEL_NOT_FOUND({ id: excerpt(modelId) })
  const place = (key: string) => `${run.number}/${judge.keys.get(key)}`
  for (const { key, value } of batch.parameters) {
    const old = judge.parameters.get(place(key))
    if (old !== undefined && old !== value)
      return errors.PARAMETER_CHANGED({ key, runId, old: excerpt(old), new: excerpt(value) })
  }
  for (const { key, value } of batch.parameters) judge.parameters.set(place(key), value)
  return undefined
}

function* keysOf(group: readonly WaitingBatch[]): Generator<string> {
  for (const { batch } of group) {
    for (const { key } of batch.metrics) yield key
    for (const { key } of batch.parameters) yield key
    yield* Object.keys(batch.tags)
  }
}

function changeOf({ by, run, batch }: Accepted): Change {
  return {
    actor: by,
    action: 'run.log',
    subject: `run/${run.id}`,
    project: run.project,
    before: null,
    after: digestOf(batch),
    reason: null,
  }
}

/** SHA-256 of the batch as a JSON list in a fixed order, with NaN and infinities as texts. */
function digestOf({ metrics, parameters, tags }: LogBatch): string {
  const points = metrics.map((point) => [
    point.key,
    Number.isFinite(point.value) ? point.value : String(point.value),
    point.timestampMs,
    point.step,
    point.modelId ?? null,
    point.datasetName ?? null,
    point.datasetDigest ?? null,
  ])
  const values = parameters.map(({ key, value }) => [key, value])
  const text = JSON.stringify([points, values, Object.entries(tags)])
  return createHash('sha256').update(text).digest('hex')
}
