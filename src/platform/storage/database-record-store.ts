import { sql } from 'kysely'
import { digestOfBytes } from '../../core/identity/index.ts'
import {
  RECORD_KINDS,
  type RecordKind,
  type RecordOf,
  type StepRecord,
  stepRecordSchema,
} from '../../core/records/index.ts'
import { type Clock, systemClock } from '../../core/time/index.ts'
import type { ChangeListener, Database, Queries, Transaction } from '../database/index.ts'
import { storageErrors } from './errors.ts'
import type { RecordStore, StateOf, StoredRecord } from './record-store.ts'
import { readRecord, readText, recordText, stateText } from './record-text.ts'

const DEFAULT_LIMIT = 1_000

export interface RecordStoreOptions {
  /** The project whose records these are; others in the same database stay unseen. */
  readonly project: string
  readonly clock?: Clock
  /** Told of governed changes that are made within its transactions. */
  readonly listener?: ChangeListener
}

/** The metadata of one project in a database, which stays open: who opened it closes it. */
export function openRecordStore(database: Database, options: RecordStoreOptions): RecordStore {
  const { project, clock = systemClock, listener = async () => {} } = options
  return new DatabaseRecordStore(database, { project, clock, listener })
}

class DatabaseRecordStore implements RecordStore {
  readonly #database: Database
  readonly #scope: Required<RecordStoreOptions>
  readonly #transaction: Transaction | undefined
  readonly queries: Queries

  constructor(database: Database, scope: Required<RecordStoreOptions>, transaction?: Transaction) {
    this.#database = database
    this.#scope = scope
    this.#transaction = transaction
    this.queries = transaction ?? database.queries
  }

  get project(): string {
    return this.#scope.project
  }

  get listener(): ChangeListener {
    return this.#scope.listener
  }

  async put<K extends RecordKind>(kind: K, id: string, record: RecordOf<K>): Promise<void> {
    const { project, clock } = this.#scope
    const json = recordText(RECORD_KINDS[kind], record, { kind, id })
    const digest = digestOfBytes(json)
    const added = await this.queries
      .insertInto('records')
      .values({ project, kind, id, digest, json, created_at_ms: Math.round(clock.now()) })
      .onConflict((conflict) => conflict.columns(['project', 'kind', 'id']).doNothing())
      .executeTakeFirstOrThrow()
    if (added.numInsertedOrUpdatedRows === 1n) return
    const there = await this.#records(kind).select('digest').where('id', '=', id).executeTakeFirst()
    if (there?.digest !== digest) throw storageErrors.RECORD_CONFLICT({ kind, id })
  }

  async get<K extends RecordKind>(kind: K, id: string): Promise<RecordOf<K> | undefined> {
    const row = await this.#records(kind).select('json').where('id', '=', id).executeTakeFirst()
    return row && readRecord(kind, id, row.json)
  }

  async list<K extends RecordKind>(
    kind: K,
    options: { readonly limit?: number } = {},
  ): Promise<StoredRecord<K>[]> {
    const rows = await this.#records(kind)
      .select(['id', 'json', 'created_at_ms'])
      .orderBy('sequence', 'desc')
      .limit(options.limit ?? DEFAULT_LIMIT)
      .execute()
    return rows.map((row) => ({
      id: row.id,
      createdAtMs: row.created_at_ms,
      record: readRecord(kind, row.id, row.json),
    }))
  }

  async findStep(key: string): Promise<StepRecord | undefined> {
    const row = await this.queries
      .selectFrom('steps')
      .select('json')
      .where('key', '=', key)
      .executeTakeFirst()
    return row && readText(stepRecordSchema, row.json, { kind: 'step', id: key })
  }

  async saveStep(step: StepRecord): Promise<void> {
    const json = recordText(stepRecordSchema, step, { kind: 'step', id: step.key })
    await this.queries
      .insertInto('steps')
      .values({ key: step.key, json })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ json }))
      .execute()
  }

  async readState<T>(name: string): Promise<StateOf<T>> {
    const row = await this.queries
      .selectFrom('states')
      .select(['revision', 'json'])
      .where('project', '=', this.#scope.project)
      .where('name', '=', name)
      .executeTakeFirst()
    return row
      ? { revision: row.revision, value: JSON.parse(row.json) as T }
      : { revision: 0, value: undefined }
  }

  async writeState<T>(name: string, value: T, expectedRevision: number): Promise<number> {
    const row = { revision: expectedRevision + 1, json: stateText(name, value) }
    const changed =
      expectedRevision === 0
        ? await this.#addState(name, row)
        : await this.#replaceState(name, row, expectedRevision)
    if (changed === 1n) return row.revision
    const actual = (await this.readState(name)).revision
    throw storageErrors.STATE_CONFLICT({ name, expected: expectedRevision, actual })
  }

  async #addState(name: string, row: { revision: number; json: string }) {
    const { numInsertedOrUpdatedRows } = await this.queries
      .insertInto('states')
      .values({ project: this.#scope.project, name, ...row })
      .onConflict((conflict) => conflict.columns(['project', 'name']).doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows
  }

  /** The database compares and sets in one statement, so of two writers one finds no row. */
  async #replaceState(
    name: string,
    row: { revision: number; json: string },
    expectedRevision: number,
  ) {
    const { numUpdatedRows } = await this.queries
      .updateTable('states')
      .set(row)
      .where('project', '=', this.#scope.project)
      .where('name', '=', name)
      .where('revision', '=', expectedRevision)
      .executeTakeFirstOrThrow()
    return numUpdatedRows
  }

  transaction<T>(work: (store: RecordStore) => Promise<T>): Promise<T> {
    return this.within((_, store) => work(store))
  }

  within<T>(work: (transaction: Transaction, store: RecordStore) => Promise<T>): Promise<T> {
    return this.#within((transaction) =>
      work(transaction, new DatabaseRecordStore(this.#database, this.#scope, transaction)),
    )
  }

  async #within<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (this.#transaction) return withinSavepoint(this.#transaction, work)
    return this.#database.transaction(async (transaction) => {
      if (this.#database.dialect === 'postgres') await takeTurn(transaction, this.#scope.project)
      return work(transaction)
    })
  }

  #records(kind: RecordKind) {
    return this.queries
      .selectFrom('records')
      .where('project', '=', this.#scope.project)
      .where('kind', '=', kind)
  }
}

/** Waits for other transactions of the project, until the end of this one; in SQLite all of them do. */
async function takeTurn(transaction: Transaction, project: string): Promise<void> {
  const key = `esteira/records/${project}`
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(transaction)
}

/** Savepoints of one name nest: the newest is meant. */
async function withinSavepoint<T>(
  transaction: Transaction,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  await sql`SAVEPOINT inner_work`.execute(transaction)
  try {
    const result = await work(transaction)
    await sql`RELEASE SAVEPOINT inner_work`.execute(transaction)
    return result
  } catch (error) {
    // A connection that broke has nothing left to undo; the first error is the one to tell.
    await sql`ROLLBACK TO SAVEPOINT inner_work`.execute(transaction).catch(() => {})
    await sql`RELEASE SAVEPOINT inner_work`.execute(transaction).catch(() => {})
    throw error
  }
}
