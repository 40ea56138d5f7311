import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { z } from 'zod'
import { canonicalJson, digestOfBytes } from '../../core/identity/index.ts'
import {
  type Environment,
  type EnvironmentChange,
  environmentChangeSchema,
  RECORD_KINDS,
  type RecordKind,
  type RecordOf,
  type StepRecord,
  stepRecordSchema,
} from '../../core/records/index.ts'
import { type Clock, systemClock } from '../../core/time/index.ts'
import {
  type DatabaseTables,
  MIGRATIONS,
  SqliteDatabase,
  type SqliteRow,
} from '../database/index.ts'
import { storageErrors } from './errors.ts'
import type { RecordStore, StoredRecord } from './record-store.ts'

const DEFAULT_LIMIT = 1_000

/**
 * Opens (and makes) the metadata store in one SQLite file. An acknowledged write is on the disk
 * (WAL, `synchronous = FULL`): it survives `kill -9` and the loss of power.
 *
 * @throws METADATA_CORRUPT, METADATA_TOO_NEW, STORAGE_FULL, DATABASE_BUSY, DATABASE_FAILED
 */
export function openRecordStore(
  path: string,
  options: { readonly clock?: Clock } = {},
): RecordStore {
  const database = new SqliteDatabase({
    path,
    migrations: MIGRATIONS.map(({ sqlite }) => sqlite),
    synchronous: 'FULL',
  })
  return new SqliteRecordStore(database, options.clock ?? systemClock)
}

/** Builds SQL only; the statements run synchronously on the database of the store. */
const sql = new Kysely<DatabaseTables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

interface Compilable<Row> {
  compile(): CompiledQuery<Row>
}

class SqliteRecordStore implements RecordStore {
  readonly #database: SqliteDatabase
  readonly #clock: Clock

  constructor(database: SqliteDatabase, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  put<K extends RecordKind>(kind: K, id: string, record: RecordOf<K>): void {
    const json = textOf(RECORD_KINDS[kind], record, { kind, id })
    const digest = digestOfBytes(json)
    const added = this.#run(
      sql
        .insertInto('records')
        .values({ kind, id, digest, json, created_at_ms: Math.round(this.#clock.now()) })
        .onConflict((conflict) => conflict.columns(['kind', 'id']).doNothing()),
    )
    if (added === 1) return
    const there = this.#first(
      sql.selectFrom('records').select('digest').where('kind', '=', kind).where('id', '=', id),
    )
    if (there?.digest !== digest) throw storageErrors.RECORD_CONFLICT({ kind, id })
  }

  get<K extends RecordKind>(kind: K, id: string): RecordOf<K> | undefined {
    const row = this.#first(
      sql.selectFrom('records').select('json').where('kind', '=', kind).where('id', '=', id),
    )
    return row && recordOf(kind, id, row.json)
  }

  list<K extends RecordKind>(kind: K, options: { limit?: number } = {}): StoredRecord<K>[] {
    const rows = this.#all(
      sql
        .selectFrom('records')
        .select(['id', 'json', 'created_at_ms'])
        .where('kind', '=', kind)
        .orderBy('sequence', 'desc')
        .limit(options.limit ?? DEFAULT_LIMIT),
    )
    return rows.map((row) => ({
      id: row.id,
      createdAtMs: row.created_at_ms,
      record: recordOf(kind, row.id, row.json),
    }))
  }

  findStep(key: string): StepRecord | undefined {
    const row = this.#first(sql.selectFrom('steps').select('json').where('key', '=', key))
    return row && parse(stepRecordSchema, row.json, { kind: 'step', id: key })
  }

  saveStep(step: StepRecord): void {
    const json = textOf(stepRecordSchema, step, { kind: 'step', id: step.key })
    this.#run(
      sql
        .insertInto('steps')
        .values({ key: step.key, json })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ json })),
    )
  }

  readState<T>(name: string): { revision: number; value: T | undefined } {
    const row = this.#first(
      sql.selectFrom('states').select(['revision', 'json']).where('name', '=', name),
    )
    return row
      ? { revision: row.revision, value: JSON.parse(row.json) as T }
      : { revision: 0, value: undefined }
  }

  writeState<T>(name: string, value: T, expectedRevision: number): number {
    const json = stateText(name, value)
    const revision = expectedRevision + 1
    const changed =
      expectedRevision === 0
        ? this.#run(
            sql
              .insertInto('states')
              .values({ name, revision, json })
              .onConflict((conflict) => conflict.column('name').doNothing()),
          )
        : this.#run(
            sql
              .updateTable('states')
              .set({ revision, json })
              .where('name', '=', name)
              .where('revision', '=', expectedRevision),
          )
    if (changed === 1) return revision
    const actual = this.readState(name).revision
    throw storageErrors.STATE_CONFLICT({ name, expected: expectedRevision, actual })
  }

  allocateVersion(model: string, versionId: string): number {
    return this.transaction(() => {
      const known = this.#first(
        sql
          .selectFrom('model_versions')
          .select('version')
          .where('model', '=', model)
          .where('version_id', '=', versionId),
      )
      if (known) return known.version
      const newest = this.#first(
        sql
          .selectFrom('model_versions')
          .select('version')
          .where('model', '=', model)
          .orderBy('version', 'desc')
          .limit(1),
      )
      const version = (newest?.version ?? 0) + 1
      this.#run(sql.insertInto('model_versions').values({ model, version, version_id: versionId }))
      return version
    })
  }

  appendEnvironmentChange(change: EnvironmentChange): void {
    const { id, model, environment } = change
    const json = textOf(environmentChangeSchema, change, { kind: 'environment-change', id })
    const added = this.#run(
      sql
        .insertInto('environment_changes')
        .values({ id, model, environment, json })
        .onConflict((conflict) => conflict.column('id').doNothing()),
    )
    if (added === 1) return
    const there = this.#first(
      sql.selectFrom('environment_changes').select('json').where('id', '=', id),
    )
    if (there?.json !== json)
      throw storageErrors.RECORD_CONFLICT({ kind: 'environment-change', id })
  }

  environmentHistory(model: string, environment?: Environment): EnvironmentChange[] {
    const ofModel = sql
      .selectFrom('environment_changes')
      .select(['id', 'json'])
      .where('model', '=', model)
      .orderBy('sequence')
    const rows = this.#all(
      environment === undefined ? ofModel : ofModel.where('environment', '=', environment),
    )
    return rows.map((row) =>
      parse(environmentChangeSchema, row.json, { kind: 'environment-change', id: row.id }),
    )
  }

  transaction<T>(work: () => T): T {
    return this.#database.transaction(work)
  }

  close(): void {
    this.#database.close()
  }

  #all<Row>(query: Compilable<Row>): Row[] {
    const compiled = query.compile()
    return this.#database.all(compiled.sql, bindable(compiled)) as (SqliteRow & Row)[]
  }

  #first<Row>(query: Compilable<Row>): Row | undefined {
    return this.#all(query)[0]
  }

  #run(query: Compilable<unknown>): number {
    const compiled = query.compile()
    return this.#database.run(compiled.sql, bindable(compiled))
  }
}

/** All columns are TEXT or INTEGER. */
function bindable(compiled: CompiledQuery): (string | number)[] {
  return compiled.parameters.map((value) => {
    if (typeof value === 'string' || typeof value === 'number') return value
    throw new TypeError(`the metadata store binds texts and numbers only, not ${typeof value}`)
  })
}

interface What {
  readonly kind: string
  readonly id: string
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function textOf(schema: z.ZodType, record: unknown, what: What): string {
  try {
    return canonicalJson(schema.parse(record))
  } catch (error) {
    throw storageErrors.RECORD_INVALID({ ...what, reason: reasonOf(error) }, error)
  }
}

function stateText(name: string, value: unknown): string {
  try {
    return canonicalJson(value)
  } catch (error) {
    throw storageErrors.RECORD_INVALID({ kind: 'state', id: name, reason: reasonOf(error) }, error)
  }
}

function parse<T>(schema: z.ZodType<T>, json: string, what: What): T {
  try {
    return schema.parse(JSON.parse(json))
  } catch (error) {
    throw storageErrors.RECORD_UNREADABLE({ ...what, reason: reasonOf(error) }, error)
  }
}

function recordOf<K extends RecordKind>(kind: K, id: string, json: string): RecordOf<K> {
  return parse(RECORD_KINDS[kind] as unknown as z.ZodType<RecordOf<K>>, json, { kind, id })
}
