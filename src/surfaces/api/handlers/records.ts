import { RECORD_KINDS, type RecordKind } from '../../../core/records/index.ts'
import { RECORD_RESOURCES, type RecordResource } from '../../api-contract/index.ts'
import { guard } from '../caller.ts'
import { apiErrors } from '../errors.ts'
import type { AnyCall, AnyHandler, HandlersOf } from '../handler.ts'

interface ListQuery {
  readonly limit: number
  readonly pageToken?: string | undefined
  readonly count: boolean
}

/** Two handlers for each kind of record: a page of them, and one. */
export const recordHandlers = Object.fromEntries(
  Object.entries(RECORD_RESOURCES).flatMap(([resource, { kind }]) => [
    [`${resource}.list`, listHandler(kind)],
    [`${resource}.get`, getHandler(kind)],
  ]),
) as HandlersOf<RecordResource>

function listHandler(kind: RecordKind): AnyHandler {
  return async (call: AnyCall) => {
    const { project } = call.params as { readonly project: string }
    const query = call.query as ListQuery
    await guard(call, project)
    const { queries } = call.context.database
    const ofKind = queries
      .selectFrom('records')
      .where('project', '=', project)
      .where('kind', '=', kind)
    const rows = await ofKind
      .select(['sequence', 'id', 'json', 'created_at_ms'])
      .where('sequence', '<', sequenceBefore(query.pageToken))
      .orderBy('sequence', 'desc')
      .limit(query.limit + 1)
      .execute()
    const counted = query.count
      ? await ofKind.select(({ fn }) => fn.countAll<number>().as('n')).executeTakeFirst()
      : undefined
    const page = rows.slice(0, query.limit)
    const last = page.at(-1)
    return {
      items: page.map((row) => wireRecord(kind, row)),
      ...(rows.length > page.length && last ? { nextPageToken: String(last.sequence) } : {}),
      ...(counted === undefined ? {} : { totalCount: Number(counted.n) }),
    }
  }
}

function getHandler(kind: RecordKind): AnyHandler {
  return async (call: AnyCall) => {
    const { project, id } = call.params as { readonly project: string; readonly id: string }
    await guard(call, project)
    const row = await call.context.database.queries
      .selectFrom('records')
      .select(['id', 'json', 'created_at_ms'])
      .where('project', '=', project)
      .where('kind', '=', kind)
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined) throw apiErrors.RECORD_NOT_FOUND({ kind, id, project })
    return wireRecord(kind, row)
  }
}

interface RecordRow {
  readonly id: string
  readonly json: string
  readonly created_at_ms: number
}

function wireRecord(kind: RecordKind, row: RecordRow) {
  return {
    id: row.id,
    createdAtMs: row.created_at_ms,
    record: RECORD_KINDS[kind].parse(JSON.parse(row.json)),
  }
}

function sequenceBefore(pageToken: string | undefined): number {
  if (pageToken === undefined) return Number.MAX_SAFE_INTEGER
  if (!/^\d{1,15}$/.test(pageToken)) {
    throw apiErrors.LIST_TOKEN_INVALID({ got: pageToken.slice(0, 100) })
  }
  return Number(pageToken)
}
