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
  await insertEntries(transaction, entries, options.dialect)
  await transaction
    .updateTable('audit_head')
    .set({ count: head.count + entries.length, hash })
    .where('id', '=', 1)
    .execute()
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

/** All rows as one parameter: one statement whatever their number. */
async function insertEntries(
  transaction: Transaction,
  entries: readonly AuditEntry[],
  dialect: Dialect,
): Promise<void> {
  const rows = JSON.stringify(entries)
  const columns = sql`sequence, at_ms, actor, origin, action, subject, project, outcome,
    before_digest, after_digest, reason, previous_hash, hash`
  if (dialect === 'postgres') {
    await sql`INSERT INTO audit_entries (${columns})
      SELECT sequence, "atMs", actor, "from", action, subject, project, outcome,
        before, after, reason, "previousHash", hash
      FROM json_to_recordset(${rows}::json) AS entry (
        sequence bigint, "atMs" bigint, actor text, "from" text, action text, subject text,
        project text, outcome text, before text, after text, reason text,
        "previousHash" text, hash text)`.execute(transaction)
    return
  }
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
  await sql`INSERT INTO audit_entries (${columns})
    SELECT ${fields} FROM json_each(${rows})`.execute(transaction)
}
