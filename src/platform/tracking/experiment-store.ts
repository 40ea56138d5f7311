import { sql } from 'kysely'
import type { Actor, Queries, Transaction } from '../database/index.ts'
import { checkTags, checkText, excerpt, LIMITS } from './entry-limits.ts'
import { trackingErrors as errors } from './errors.ts'
import type { Experiment, Lifecycle, Tags } from './experiment.ts'
import { among } from './sql-lists.ts'
import { joinUri, note, type TrackingContext } from './tracking-context.ts'
import type { NewExperiment } from './tracking-store.ts'

const experimentColumns = [
  'number',
  'name',
  'project',
  'artifact_location',
  'is_deleted',
  'created_at_ms',
  'updated_at_ms',
] as const

export interface ExperimentRow {
  readonly number: number
  readonly name: string
  readonly project: string
  readonly artifact_location: string
  readonly is_deleted: number
  readonly created_at_ms: number
  readonly updated_at_ms: number
}

/** @throws EXPERIMENT_ID_INVALID */
export function experimentNumber(id: string): number {
  const number = Number(id)
  if (!/^-?\d{1,18}$/.test(id) || !Number.isSafeInteger(number))
    throw errors.EXPERIMENT_ID_INVALID({ id: excerpt(id) })
  return number
}

export class ExperimentStore {
  readonly #context: TrackingContext

  constructor(context: TrackingContext) {
    this.#context = context
  }

  /** Makes experiment 0, "Default", unless it is there. */
  async createDefault(project: string): Promise<void> {
    const { database, clock, defaultArtifactRoot } = this.#context
    const now = clock.now()
    await database.queries
      .insertInto('experiments')
      .values({
        number: 0,
        name: 'Default',
        project,
        artifact_location: joinUri(defaultArtifactRoot, '0'),
        created_at_ms: now,
        updated_at_ms: now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  async create(by: Actor, experiment: NewExperiment): Promise<Experiment> {
    const { name, project, tags = {} } = experiment
    checkExperimentName(name)
    checkTags('experiment tag', tags, LIMITS.experimentTagValue)
    const now = experiment.createdAtMs ?? this.#context.clock.now()
    return this.#context.database.transaction(async (transaction) => {
      const inserted = await transaction
        .insertInto('experiments')
        .values({ name, project, artifact_location: '', created_at_ms: now, updated_at_ms: now })
        .onConflict((conflict) => conflict.doNothing())
        .returning('number')
        .executeTakeFirst()
      if (inserted === undefined) throw errors.EXPERIMENT_EXISTS({ name })
      const { number } = inserted
      const artifactLocation =
        experiment.artifactLocation || joinUri(this.#context.defaultArtifactRoot, String(number))
      await transaction
        .updateTable('experiments')
        .set({ artifact_location: artifactLocation })
        .where('number', '=', number)
        .execute()
      await putTags(transaction, number, tags)
      await this.#note(transaction, { by, number, project }, 'experiment.create')
      const id = String(number)
      const times = { createdAtMs: now, updatedAtMs: now }
      return { id, name, project, artifactLocation, lifecycle: 'active', ...times, tags }
    })
  }

  async get(id: string): Promise<Experiment> {
    const { queries } = this.#context.database
    return this.#withTags(await rowOf(queries, id))
  }

  async findByName(name: string): Promise<Experiment | undefined> {
    if (name.includes('\0')) return undefined
    const row = await this.#context.database.queries
      .selectFrom('experiments')
      .select(experimentColumns)
      .where('name', '=', name)
      .executeTakeFirst()
    return row && this.#withTags(row)
  }

  async rename(by: Actor, id: string, name: string): Promise<void> {
    checkExperimentName(name)
    await this.#change(by, { id, action: 'experiment.rename' }, async (transaction, row) => {
      requireActive(row)
      const taken = await transaction
        .selectFrom('experiments')
        .select('number')
        .where('name', '=', name)
        .where('number', '!=', row.number)
        .executeTakeFirst()
      if (taken) throw errors.EXPERIMENT_EXISTS({ name })
      await transaction
        .updateTable('experiments')
        .set({ name, updated_at_ms: this.#context.clock.now() })
        .where('number', '=', row.number)
        .execute()
    })
  }

  /** Its runs go and come with it. */
  async setLifecycle(by: Actor, id: string, lifecycle: Lifecycle): Promise<void> {
    const deleted = lifecycle === 'deleted'
    const action = deleted ? 'experiment.delete' : 'experiment.restore'
    await this.#change(by, { id, action }, async (transaction, row) => {
      if ((row.is_deleted === 1) === deleted) throw errors.EXPERIMENT_NOT_FOUND({ id })
      const now = this.#context.clock.now()
      const is_deleted = deleted ? 1 : 0
      await transaction
        .updateTable('experiments')
        .set({ is_deleted, updated_at_ms: now })
        .where('number', '=', row.number)
        .execute()
      await transaction
        .updateTable('runs')
        .set({ is_deleted, deleted_at_ms: deleted ? now : null })
        .where('experiment', '=', row.number)
        .where('is_deleted', '!=', is_deleted)
        .execute()
    })
  }

  async setTags(by: Actor, id: string, tags: Tags): Promise<void> {
    checkTags('experiment tag', tags, LIMITS.experimentTagValue)
    await this.#change(by, { id, action: 'experiment.tag' }, async (transaction, row) => {
      requireActive(row)
      await putTags(transaction, row.number, tags)
    })
  }

  async deleteTag(by: Actor, id: string, key: string): Promise<void> {
    await this.#change(by, { id, action: 'experiment.untag' }, async (transaction, row) => {
      requireActive(row)
      const gone = key.includes('\0')
        ? undefined
        : await transaction
            .deleteFrom('experiment_tags')
            .where('experiment', '=', row.number)
            .where('key', '=', key)
            .returning('key')
            .executeTakeFirst()
      if (!gone)
        throw errors.TAG_NOT_FOUND({ key: excerpt(key), subject: `experiment with id ${id}` })
    })
  }

  /** Whole experiments of these rows, in their order. */
  async complete(rows: readonly ExperimentRow[]): Promise<Experiment[]> {
    const { queries, dialect } = this.#context.database
    const numbers = rows.map(({ number }) => number)
    const tags = new Map<number, [string, string][]>()
    if (rows.length > 0) {
      const found = await queries
        .selectFrom('experiment_tags')
        .selectAll()
        .where(among(dialect, sql.ref('experiment'), numbers))
        .orderBy('experiment')
        .orderBy('key')
        .execute()
      for (const { experiment, key, value } of found) {
        const own = tags.get(experiment)
        if (own) own.push([key, value])
        else tags.set(experiment, [[key, value]])
      }
    }
    // Not by assignment: a key may be called `__proto__`.
    return rows.map((row) => experimentOf(row, Object.fromEntries(tags.get(row.number) ?? [])))
  }

  async #withTags(row: ExperimentRow): Promise<Experiment> {
    const [experiment] = await this.complete([row])
    return experiment ?? experimentOf(row, {})
  }

  async #change(
    by: Actor,
    { id, action }: { readonly id: string; readonly action: string },
    work: (transaction: Transaction, row: ExperimentRow) => Promise<void>,
  ): Promise<void> {
    await this.#context.database.transaction(async (transaction) => {
      const row = await lockedRow(transaction, this.#context, id)
      await work(transaction, row)
      await this.#note(transaction, { by, number: row.number, project: row.project }, action)
    })
  }

  #note(
    transaction: Transaction,
    { by, number, project }: { by: Actor; number: number; project: string },
    action: string,
  ): Promise<void> {
    return note(this.#context, transaction, {
      by,
      action,
      subject: `experiment/${number}`,
      project,
    })
  }
}

/** @throws EXPERIMENT_ID_INVALID, EXPERIMENT_NOT_FOUND */
export async function rowOf(queries: Queries, id: string): Promise<ExperimentRow> {
  const row = await queries
    .selectFrom('experiments')
    .select(experimentColumns)
    .where('number', '=', experimentNumber(id))
    .executeTakeFirst()
  if (!row) throw errors.EXPERIMENT_NOT_FOUND({ id })
  return row
}

async function lockedRow(
  transaction: Transaction,
  { database }: TrackingContext,
  id: string,
): Promise<ExperimentRow> {
  const row = await transaction
    .selectFrom('experiments')
    .select(experimentColumns)
    .where('number', '=', experimentNumber(id))
    // SQLite's writers come one at a time anyway.
    .$if(database.dialect === 'postgres', (query) => query.forUpdate())
    .executeTakeFirst()
  if (!row) throw errors.EXPERIMENT_NOT_FOUND({ id })
  return row
}

/** @throws EXPERIMENT_NOT_ACTIVE */
export function requireActive(row: ExperimentRow): void {
  if (row.is_deleted === 1) throw errors.EXPERIMENT_NOT_ACTIVE({ id: String(row.number) })
}

async function putTags(transaction: Transaction, experiment: number, tags: Tags): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({ experiment, key, value }))
  for (let start = 0; start < rows.length; start += 100) {
    await transaction
      .insertInto('experiment_tags')
      .values(rows.slice(start, start + 100))
      .onConflict((conflict) =>
        conflict
          .columns(['experiment', 'key'])
          .doUpdateSet((row) => ({ value: row.ref('excluded.value') })),
      )
      .execute()
  }
}

function checkExperimentName(name: string): void {
  if (name.trim() === '')
    throw errors.NAME_INVALID({ what: 'experiment name', got: name, reason: 'it is empty' })
  checkText('name', name, LIMITS.experimentName)
}

function experimentOf(row: ExperimentRow, tags: Tags): Experiment {
  return {
    id: String(row.number),
    name: row.name,
    project: row.project,
    artifactLocation: row.artifact_location,
    lifecycle: row.is_deleted === 1 ? 'deleted' : 'active',
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    tags,
  }
}
