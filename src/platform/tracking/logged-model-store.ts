import type { Actor, Queries, Transaction } from '../database/index.ts'
import { checkParameters, checkTags, checkText, excerpt, LIMITS } from './entry-limits.ts'
import { trackingErrors as errors } from './errors.ts'
import type { Tags } from './experiment.ts'
import { requireActive, rowOf } from './experiment-store.ts'
import type { LoggedModel, LoggedModelStatus } from './logged-model.ts'
import {
  completeLoggedModels,
  type LoggedModelRow,
  loggedModelColumns,
} from './logged-model-rows.ts'
import type { Parameter } from './run.ts'
import { madeUpName } from './run-name.ts'
import { joinUri, note, type TrackingContext } from './tracking-context.ts'
import type { NewLoggedModel } from './tracking-store.ts'

const MODEL_ID = /^m-[\w-]{1,64}$/

export class LoggedModelStore {
  readonly #context: TrackingContext

  constructor(context: TrackingContext) {
    this.#context = context
  }

  async create(by: Actor, model: NewLoggedModel): Promise<LoggedModel> {
    const { database, clock } = this.#context
    const id = model.id ?? `m-${this.#context.newId()}`
    const { parameters = [], tags = {} } = model
    checkNewModel(id, model)
    await database.transaction(async (transaction) => {
      const experiment = await rowOf(transaction, model.experimentId)
      requireActive(experiment)
      const now = model.createdAtMs ?? clock.now()
      const inserted = await transaction
        .insertInto('logged_models')
        .values({
          id,
          experiment: experiment.number,
          name: model.name || madeUpName(id),
          artifact_uri: joinUri(experiment.artifact_location, 'models', id, 'artifacts'),
          status: 'PENDING',
          status_message: null,
          model_type: model.modelType ?? '',
          source_run_id: model.sourceRunId || null,
          created_at_ms: now,
          updated_at_ms: now,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('number')
        .executeTakeFirst()
      if (!inserted) throw errors.LOGGED_MODEL_EXISTS({ id })
      await putParameters(transaction, inserted.number, parameters)
      await putTags(transaction, inserted.number, tags)
      const { project } = experiment
      const subject = `logged-model/${id}`
      await note(this.#context, transaction, {
        by,
        action: 'logged-model.create',
        subject,
        project,
      })
    })
    return this.get(id)
  }

  async get(id: string): Promise<LoggedModel> {
    const row = await this.#row(this.#context.database.queries, id)
    const [model] = row?.is_deleted === 0 ? await completeLoggedModels(this.#context, [row]) : []
    if (!model) throw errors.LOGGED_MODEL_NOT_FOUND({ id: excerpt(id) })
    return model
  }

  async finalize(by: Actor, id: string, status: LoggedModelStatus): Promise<LoggedModel> {
    await this.#change({ by, id, action: 'logged-model.finalize' }, (transaction, { number }) =>
      transaction
        .updateTable('logged_models')
        .set({ status, updated_at_ms: this.#context.clock.now() })
        .where('number', '=', number)
        .execute(),
    )
    return this.get(id)
  }

  async delete(by: Actor, id: string): Promise<void> {
    await this.#change({ by, id, action: 'logged-model.delete' }, (transaction, { number }) =>
      transaction
        .updateTable('logged_models')
        .set({ is_deleted: 1, updated_at_ms: this.#context.clock.now() })
        .where('number', '=', number)
        .execute(),
    )
  }

  async setTags(by: Actor, id: string, tags: Tags): Promise<LoggedModel> {
    checkTags('tag', tags, LIMITS.modelTagValue)
    await this.#change({ by, id, action: 'logged-model.tag' }, (transaction, { number }) =>
      putTags(transaction, number, tags),
    )
    return this.get(id)
  }

  async deleteTag(by: Actor, id: string, key: string): Promise<void> {
    const work = { by, id, action: 'logged-model.untag' }
    await this.#change(work, async (transaction, { number }) => {
      const gone = key.includes('\0')
        ? undefined
        : await transaction
            .deleteFrom('logged_model_tags')
            .where('model', '=', number)
            .where('key', '=', key)
            .returning('key')
            .executeTakeFirst()
      if (!gone) throw errors.TAG_NOT_FOUND({ key: excerpt(key), subject: `logged model ${id}` })
    })
  }

  /** A parameter never changes, here either. @throws PARAMETER_CHANGED */
  async logParameters(by: Actor, id: string, parameters: readonly Parameter[]): Promise<void> {
    checkParameters(parameters)
    const work = { by, id, action: 'logged-model.log' }
    await this.#change(work, async (transaction, { number }) => {
      await putParameters(transaction, number, parameters)
      const stored = await transaction
        .selectFrom('logged_model_parameters')
        .select(['key', 'value'])
        .where('model', '=', number)
        .execute()
      const values = new Map(stored.map(({ key, value }) => [key, value]))
      for (const { key, value } of parameters) {
        const old = values.get(key) ?? value
        if (old !== value)
          throw errors.PARAMETER_CHANGED({ key, runId: id, old: excerpt(old), new: excerpt(value) })
      }
    })
  }

  #row(transaction: Queries, id: string): Promise<LoggedModelRow | undefined> {
    if (!MODEL_ID.test(id)) return Promise.resolve(undefined)
    return transaction
      .selectFrom('logged_models')
      .innerJoin('experiments', 'experiments.number', 'logged_models.experiment')
      .select(loggedModelColumns)
      .select('experiments.project')
      .where('logged_models.id', '=', id)
      .$if(transaction.isTransaction && this.#context.database.dialect === 'postgres', (query) =>
        query.forNoKeyUpdate('logged_models'),
      )
      .executeTakeFirst()
  }

  async #change(
    { by, id, action }: { readonly by: Actor; readonly id: string; readonly action: string },
    work: (transaction: Transaction, row: LoggedModelRow) => Promise<unknown>,
  ): Promise<void> {
    await this.#context.database.transaction(async (transaction) => {
      const row = await this.#row(transaction, id)
      if (row?.is_deleted !== 0) throw errors.LOGGED_MODEL_NOT_FOUND({ id: excerpt(id) })
      await work(transaction, row)
      const { project } = row
      const subject = `logged-model/${id}`
      await note(this.#context, transaction, { by, action, subject, project })
    })
  }
}

function checkNewModel(id: string, model: NewLoggedModel): void {
  if (!MODEL_ID.test(id))
    throw errors.NAME_INVALID({
      what: 'model id',
      got: excerpt(id),
      reason: 'it must begin with m-',
    })
  if (model.name !== undefined && /[/:.%"'\0]/.test(model.name))
    throw errors.NAME_INVALID({
      what: 'model name',
      got: excerpt(model.name),
      reason: `it cannot contain any of / : . % " '`,
    })
  checkText('model name', model.name ?? '', LIMITS.experimentName)
  checkText('model type', model.modelType ?? '', LIMITS.experimentName)
  checkText('source run id', model.sourceRunId ?? '', LIMITS.key)
  checkParameters(model.parameters ?? [])
  checkTags('tag', model.tags ?? {}, LIMITS.modelTagValue)
}

async function putParameters(
  transaction: Transaction,
  model: number,
  parameters: readonly Parameter[],
): Promise<void> {
  for (let start = 0; start < parameters.length; start += 100) {
    await transaction
      .insertInto('logged_model_parameters')
      .values(parameters.slice(start, start + 100).map(({ key, value }) => ({ model, key, value })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}

async function putTags(transaction: Transaction, model: number, tags: Tags): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({ model, key, value }))
  for (let start = 0; start < rows.length; start += 100) {
    await transaction
      .insertInto('logged_model_tags')
      .values(rows.slice(start, start + 100))
      .onConflict((conflict) =>
        conflict
          .columns(['model', 'key'])
          .doUpdateSet((row) => ({ value: row.ref('excluded.value') })),
      )
      .execute()
  }
}
