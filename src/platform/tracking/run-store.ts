import type { Actor, Transaction } from '../database/index.ts'
import { checkTags, checkText, excerpt, LIMITS } from './entry-limits.ts'
import { trackingErrors as errors } from './errors.ts'
import type { Lifecycle, Tags } from './experiment.ts'
import { requireActive, rowOf } from './experiment-store.ts'
import type { Run } from './run.ts'
import { madeUpName } from './run-name.ts'
import { completeRuns, type RunRow, runColumns } from './run-rows.ts'
import { insertRows } from './sql-lists.ts'
import { joinUri, note, type TrackingContext } from './tracking-context.ts'
import type { NewRun, RunChange } from './tracking-store.ts'

/** The tag that holds a run's name too. */
export const RUN_NAME_TAG = 'mlflow.runName'
const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/
const MOST_OWNERS = 50_000

/** Ids that cannot be are not looked for: a database may refuse to compare with them. @throws RUN_NOT_FOUND */
export function checkRunId(id: string): void {
  if (!RUN_ID.test(id)) throw errors.RUN_NOT_FOUND({ id: excerpt(id) })
}

export interface RunOwner {
  readonly experimentId: string
  readonly project: string
}

/** What a change of one run works on. */
export interface RunWork {
  readonly by: Actor
  readonly id: string
  readonly action: string
  /** A deleted run may be changed too. @default false */
  readonly alsoDeleted?: boolean
}

export class RunStore {
  readonly #context: TrackingContext
  readonly #owners = new Map<string, RunOwner & { readonly number: number }>()

  constructor(context: TrackingContext) {
    this.#context = context
  }

  async create(by: Actor, run: NewRun): Promise<Run> {
    const { database, clock } = this.#context
    const id = run.id ?? this.#context.newId()
    if (!RUN_ID.test(id))
      throw errors.NAME_INVALID({
        what: 'run id',
        got: excerpt(id),
        reason: 'it must be letters, digits, _ and -, at most 256',
      })
    const name = nameOf(run, id)
    const tags: Tags = { ...run.tags, [RUN_NAME_TAG]: name }
    checkTags('tag', tags, LIMITS.tagValue)
    checkText('user', run.user ?? '', LIMITS.key)
    const keys = await this.#context.keys.ensure(Object.keys(tags))
    const created = await database.transaction(async (transaction) => {
      const experiment = await rowOf(transaction, run.experimentId)
      requireActive(experiment)
      const row = {
        id,
        experiment: experiment.number,
        name,
        user_name: run.user ?? by.name,
        status: 'RUNNING',
        is_deleted: 0,
        started_at_ms: run.startedAtMs ?? clock.now(),
        ended_at_ms: null,
        artifact_uri: joinUri(experiment.artifact_location, id, 'artifacts'),
      }
      const inserted = await transaction
        .insertInto('runs')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning('number')
        .executeTakeFirst()
      if (!inserted) throw errors.RUN_EXISTS({ id })
      const tagRows = Object.entries(tags).map(([key, value]) => ({
        run: inserted.number,
        key: keys.get(key) ?? 0,
        experiment: experiment.number,
        value,
      }))
      await putRunTags(transaction, this.#context, tagRows)
      const { project } = experiment
      await note(this.#context, transaction, {
        by,
        action: 'run.create',
        subject: `run/${id}`,
        project,
      })
      return { ...row, number: inserted.number, project }
    })
    return { ...emptyRun(created), tags }
  }

  async get(id: string): Promise<Run> {
    const row = await this.#row(id)
    const [run] = await completeRuns(this.#context, [row])
    if (!run) throw errors.RUN_NOT_FOUND({ id })
    return run
  }

  /** Owners never change, so they are remembered. */
  async owner(id: string): Promise<RunOwner & { readonly number: number }> {
    const known = this.#owners.get(id)
    if (known) return known
    const row = await this.#row(id)
    const { number, project } = row
    const owner = { number, experimentId: String(row.experiment), project }
    if (this.#owners.size >= MOST_OWNERS) this.#owners.clear()
    this.#owners.set(id, owner)
    return owner
  }

  /** The number that rows refer to a run by. */
  async number(id: string): Promise<number> {
    return (await this.owner(id)).number
  }

  async update(by: Actor, id: string, change: RunChange): Promise<Run> {
    const { name, status, endedAtMs } = change
    if (name) checkText('run name', name, LIMITS.tagValue)
    const keys = await this.#context.keys.ensure([RUN_NAME_TAG])
    await this.change({ by, id, action: 'run.update' }, async (transaction, row) => {
      const values = {
        ...(status === undefined ? {} : { status }),
        ...(endedAtMs === undefined ? {} : { ended_at_ms: endedAtMs }),
        ...(name ? { name } : {}),
      }
      if (Object.keys(values).length > 0)
        await transaction.updateTable('runs').set(values).where('number', '=', row.number).execute()
      if (!name) return
      const key = keys.get(RUN_NAME_TAG) ?? 0
      const { number, experiment } = row
      await putRunTags(transaction, this.#context, [{ run: number, key, experiment, value: name }])
    })
    return this.get(id)
  }

  async setLifecycle(by: Actor, id: string, lifecycle: Lifecycle): Promise<void> {
    const deleted = lifecycle === 'deleted'
    const action = deleted ? 'run.delete' : 'run.restore'
    await this.change({ by, id, action, alsoDeleted: true }, async (transaction, row) => {
      await transaction
        .updateTable('runs')
        .set({
          is_deleted: deleted ? 1 : 0,
          deleted_at_ms: deleted ? this.#context.clock.now() : null,
        })
        .where('number', '=', row.number)
        .execute()
    })
  }

  async deleteTag(by: Actor, id: string, key: string): Promise<void> {
    const missing = () =>
      errors.TAG_NOT_FOUND({ key: excerpt(key), subject: `run with id ${excerpt(id)}` })
    const number = key.includes('\0') ? undefined : await this.#context.keys.find(key)
    await this.change({ by, id, action: 'run.untag' }, async (transaction, row) => {
      if (number === undefined) throw missing()
      const gone = await transaction
        .deleteFrom('run_tags')
        .where('run', '=', row.number)
        .where('key', '=', number)
        .returning('key')
        .executeTakeFirst()
      if (!gone) throw missing()
    })
  }

  /** Runs `work` with the run's row, locked, and notes the change. @throws RUN_NOT_FOUND, RUN_NOT_ACTIVE */
  async change(
    { by, id, action, alsoDeleted = false }: RunWork,
    work: (transaction: Transaction, row: RunRow) => Promise<void>,
  ): Promise<void> {
    const { database } = this.#context
    checkRunId(id)
    await database.transaction(async (transaction) => {
      const row = await transaction
        .selectFrom('runs')
        .innerJoin('experiments', 'experiments.number', 'runs.experiment')
        .select(runColumns)
        .select('experiments.project')
        .where('runs.id', '=', id)
        .$if(database.dialect === 'postgres', (query) => query.forNoKeyUpdate('runs'))
        .executeTakeFirst()
      if (!row) throw errors.RUN_NOT_FOUND({ id })
      if (row.is_deleted === 1 && !alsoDeleted) throw errors.RUN_NOT_ACTIVE({ id })
      await work(transaction, row)
      const { project } = row
      await note(this.#context, transaction, { by, action, subject: `run/${id}`, project })
    })
  }

  async #row(id: string): Promise<RunRow> {
    checkRunId(id)
    const row = await this.#context.database.queries
      .selectFrom('runs')
      .innerJoin('experiments', 'experiments.number', 'runs.experiment')
      .select(runColumns)
      .select('experiments.project')
      .where('runs.id', '=', id)
      .executeTakeFirst()
    if (!row) throw errors.RUN_NOT_FOUND({ id })
    return row
  }
}

interface RunTagRow {
  readonly run: number
  readonly key: number
  readonly experiment: number
  readonly value: string
}

/** Writes tags; of two with one key in the database and here, these here stay. */
export function putRunTags(
  transaction: Transaction,
  { database }: TrackingContext,
  rows: readonly RunTagRow[],
): Promise<void> {
  return insertRows(transaction, database.dialect, {
    table: 'run_tags',
    columns: [
      ['run', 'bigint'],
      ['key', 'bigint'],
      ['experiment', 'bigint'],
      ['value', 'text'],
    ],
    rows: rows.map(({ run, key, experiment, value }) => [run, key, experiment, value]),
    ending: 'ON CONFLICT (run, key) DO UPDATE SET value = excluded.value',
  })
}

function nameOf({ name, tags }: NewRun, id: string): string {
  const tag = tags?.[RUN_NAME_TAG]
  if (name && tag && name !== tag)
    throw errors.RUN_NAMES_DIFFER({ name: excerpt(name), tag: excerpt(tag) })
  return name || tag || madeUpName(id)
}

function emptyRun(row: Omit<RunRow, 'is_deleted'>): Run {
  return {
    id: row.id,
    name: row.name,
    experimentId: String(row.experiment),
    project: row.project,
    user: row.user_name,
    status: 'RUNNING',
    lifecycle: 'active',
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    artifactUri: row.artifact_uri,
    metrics: [],
    parameters: [],
    tags: {},
    datasets: [],
    modelInputs: [],
    modelOutputs: [],
  }
}
