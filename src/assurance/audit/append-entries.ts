import { sql } from 'kysely'
import type { Change, Dialect, Transaction } from '../../platform/database/index.ts'
import { type AuditEntry, type AuditOutcome, hashOfEntry } from './audit-entry.ts'
import { auditErrors } from './errors.ts'

export interface AppendOptions {
  readonly dialect: Dialect
  readonly atMs: number
  readonly outcome: AuditOutcome
}

/**
 * Appends entries to the chain. The head row is locked first, so entries of several servers follow
 * one another without a gap; it stays locked until the transaction ends.
 * @throws AUDIT_HEAD_MISSING
 */
export async function appendEntries(
  transaction: Transaction,
  changes: readonly Change[],
  options: AppendOptions,
): Promise<void> {
  if (changes.length === 0) return
  const head = await lockedHead(transaction, options.dialect)
  let { hash } = head
  const entries = changes.map((change, index) => {
    const entry = entryOf(change, { ...options, sequence: head.count + index + 1, previous: hash })
    hash = entry.hash
    return entry
  })
  const newHead = { count: head.count + entries.length, hash }
  if (options.dialect === 'postgres') await appendOnPostgres(transaction, entries, newHead)
  else await appendOnSqlite(transaction, entries, newHead)
}

async function lockedHead(transaction: Transaction, dialect: Dialect) {
  const head = transaction.selectFrom('audit_head').select(['count', 'hash']).where('id', '=', 1)
  const row = await (dialect === 'postgres' ? head.forUpdate() : head).executeTakeFirst()
  if (row === undefined) throw auditErrors.AUDIT_HEAD_MISSING({})
  return row
}

function entryOf(
  change: Change,
  place: AppendOptions & { readonly sequence: number; readonly previous: string },
): AuditEntry {
  const unhashed = {
    sequence: place.sequence,
    atMs: Math.trunc(place.atMs),
    actor: storable(change.actor.name),
    from: storable(change.actor.from),
    action: storable(change.action),
    subject: storable(change.subject),
    project: storable(change.project),
    outcome: place.outcome,
    before: change.before,
    after: change.after,
    reason: change.reason === null ? null : storable(change.reason),
    previousHash: place.previous,
  }
  return { ...unhashed, hash: hashOfEntry(unhashed) }
}

/** What a database gives back as it was given: no half of a surrogate pair, no NUL. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

interface Head {
  readonly count: number
  readonly hash: string
}

const COLUMNS = sql`sequence, at_ms, actor, origin, action, subject, project, outcome,
  before_digest, after_digest, reason, previous_hash, hash`

/** Entries and head in one round trip: others wait for the head meanwhile. */
async function appendOnPostgres(
  transaction: Transaction,
  entries: readonly AuditEntry[],
  head: Head,
): Promise<void> {
  await sql`WITH added AS (
      INSERT INTO audit_entries (${COLUMNS})
      SELECT sequence, "atMs", actor, "from", action, subject, project, outcome,
        before, after, reason, "previousHash", hash
      FROM json_to_recordset(${JSON.stringify(entries)}::json) AS entry (
        sequence bigint, "atMs" bigint, actor text, "from" text, action text, subject text,
        project text, outcome text, before text, after text, reason text,
        "previousHash" text, hash text))
    UPDATE audit_head SET count = ${head.count}, hash = ${head.hash} WHERE id = 1`.execute(
    transaction,
  )
}

/** All rows as one parameter: one statement whatever their number. */
async function appendOnSqlite(
  transaction: Transaction,
  entries: readonly AuditEntry[],
  head: Head,
): Promise<void> {
  const field = (name: keyof AuditEntry) => sql`value ->> ${sql.lit(name)}`
  const fields = sql.join([
    field('sequence'),
    field('atMs'),
    field('actor'),
    field('from'),
    field('action'),
    field('subject'),
    field('project'),
    field('outcome'),
    field('before'),
    field('after'),
    field('reason'),
    field('previousHash'),
    field('hash'),
  ])
  await sql`INSERT INTO audit_entries (${COLUMNS})
    SELECT ${fields} FROM json_each(${JSON.stringify(entries)})`.execute(transaction)
  await transaction.updateTable('audit_head').set(head).where('id', '=', 1).execute()
}
