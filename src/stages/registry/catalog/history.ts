import { type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import { contentId } from '../../../core/identity/index.ts'
import {
  ENVIRONMENTS,
  type Environment,
  type EnvironmentChange,
} from '../../../core/records/index.ts'
import { isoTime } from '../../../core/time/index.ts'
import type {
  Actor,
  DatabaseTables,
  Queries,
  Transaction,
} from '../../../platform/database/index.ts'
import type { ModelRow } from './catalog-rows.ts'

export const EVENT_SUBJECTS = ['alias', 'environment', 'stage', 'version', 'model'] as const
export type EventSubject = (typeof EVENT_SUBJECTS)[number]

export interface Approval {
  readonly by: string
  readonly atMs: number
  readonly reason: string
}

/** On what a decision rested: ids of records, and who approved. */
export interface Evidence {
  readonly run: string | null
  readonly evaluation: string | null
  readonly verdict: string | null
  /** What the gate said; null when no gate has judged the version. */
  readonly outcome: 'yes' | 'no' | null
  /** The request that the approvals answer. */
  readonly request: string | null
  readonly approvals: readonly Approval[]
}

/** One entry of the registry's append-only history. */
export interface RegistryEvent {
  readonly id: string
  readonly atMs: number
  /** The name that the model had then. */
  readonly model: string
  readonly project: string
  readonly subject: EventSubject
  /** The alias, environment or stage; empty for events of a version or a model. */
  readonly place: string
  /** What was done, such as `promote`, `rollback`, `retire`, `set`, `remove`, `delete`. */
  readonly action: string
  /** What stands there afterwards, or the version spoken of. */
  readonly version: number | null
  /** What stood there before. */
  readonly previous: number | null
  readonly by: string
  readonly from: string
  readonly reason: string
  readonly evidence: Evidence
}

export const NO_EVIDENCE: Evidence = {
  run: null,
  evaluation: null,
  verdict: null,
  outcome: null,
  request: null,
  approvals: [],
}

export interface NewEvent {
  readonly model: ModelRow
  readonly by: Actor
  readonly atMs: number
  readonly subject: EventSubject
  readonly place: string
  readonly action: string
  readonly version: number | null
  readonly previous: number | null
  readonly reason: string
  readonly evidence?: Evidence
}

type EventRow = Selectable<DatabaseTables['catalog_events']>

/** Writes an event with an id that follows from its content and its place in the history. */
export async function appendEvent(
  transaction: Transaction,
  event: NewEvent,
): Promise<RegistryEvent> {
  const { model, by, subject, place } = event
  const { count } = await transaction
    .selectFrom('catalog_events')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('model_name', '=', model.name)
    .where('subject', '=', subject)
    .where('place', '=', place)
    .executeTakeFirstOrThrow()
  const { model: _, evidence, ...content } = event
  const row = await transaction
    .insertInto('catalog_events')
    .values({
      id: contentId('change', { ...content, model: model.name, place: `${place}#${count}` }),
      at_ms: event.atMs,
      model: model.number,
      model_name: model.name,
      project: model.project,
      subject,
      place,
      action: event.action,
      version: event.version,
      previous: event.previous,
      actor: by.name,
      origin: by.from,
      reason: event.reason,
      evidence_json: JSON.stringify(evidence ?? NO_EVIDENCE),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return readEvent(row)
}

export function readEvent(row: EventRow): RegistryEvent {
  const evidence: Evidence = JSON.parse(row.evidence_json)
  return {
    id: row.id,
    atMs: row.at_ms,
    model: row.model_name,
    project: row.project,
    subject: EVENT_SUBJECTS.find((subject) => subject === row.subject) ?? 'model',
    place: row.place,
    action: row.action,
    version: row.version,
    previous: row.previous,
    by: row.actor,
    from: row.origin,
    reason: row.reason,
    evidence,
  }
}

/** What changed in a model's environments, oldest first. */
export async function environmentEvents(
  queries: Queries,
  model: number,
  environment?: Environment,
): Promise<RegistryEvent[]> {
  let query = queries
    .selectFrom('catalog_events')
    .selectAll()
    .where('model', '=', model)
    .where('subject', '=', 'environment')
  if (environment !== undefined) query = query.where('place', '=', environment)
  return (await query.orderBy('sequence').execute()).map(readEvent)
}

/** An event of an environment in the words of the belt. */
export function environmentChangeOf(event: RegistryEvent): EnvironmentChange {
  const { id, model, version, previous, by, reason } = event
  return {
    id,
    model,
    environment: ENVIRONMENTS.find((name) => name === event.place) ?? 'development',
    version,
    previous,
    action: event.action === 'promote' || event.action === 'rollback' ? event.action : 'retire',
    by,
    reason,
    at: isoTime(event.atMs),
  }
}

export interface HistoryOptions {
  readonly model: string
  readonly subject?: EventSubject | undefined
  readonly place?: string | undefined
  /** Only events of that moment or before, in milliseconds. */
  readonly untilMs?: number | undefined
  /** Only events before the one with this id. */
  readonly before?: string | undefined
  /** @default 100 */
  readonly limit?: number | undefined
}

/**
 * Events of a model, newest first: of the one that has the name now, or, for moments before it
 * existed, of those that had it then.
 */
export async function registryHistory(
  queries: Queries,
  options: HistoryOptions,
): Promise<RegistryEvent[]> {
  const { subject, place, untilMs, before, limit = 100 } = options
  let query = ofModel(queries.selectFrom('catalog_events').selectAll(), {
    name: options.model,
    number: await modelNumberAt(queries, options.model, untilMs),
  })
  if (subject !== undefined) query = query.where('subject', '=', subject)
  if (place !== undefined) query = query.where('place', '=', place)
  if (untilMs !== undefined) query = query.where('at_ms', '<=', untilMs)
  if (before !== undefined) {
    query = query.where(
      'sequence',
      '<',
      sql<number>`(SELECT b.sequence FROM catalog_events b WHERE b.id = ${before})`,
    )
  }
  return (await query.orderBy('sequence', 'desc').limit(limit).execute()).map(readEvent)
}

type EventQuery = SelectQueryBuilder<DatabaseTables, 'catalog_events', EventRow>

function ofModel(
  query: EventQuery,
  model: { readonly name: string; readonly number: number | undefined },
): EventQuery {
  return model.number === undefined
    ? query.where('model_name', '=', model.name)
    : query.where('model', '=', model.number)
}

/** The model that has the name now, when it existed then; else whoever had the name is looked for. */
async function modelNumberAt(
  queries: Queries,
  name: string,
  atMs = Number.MAX_SAFE_INTEGER,
): Promise<number | undefined> {
  const row = await queries
    .selectFrom('catalog_models')
    .select('number')
    .where('name', '=', name)
    .where('deleted_at_ms', 'is', null)
    .where('created_at_ms', '<=', atMs)
    .executeTakeFirst()
  return row?.number
}
