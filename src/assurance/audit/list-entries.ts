import type { Queries } from '../../platform/database/index.ts'
import type { AuditEntry, AuditOutcome } from './audit-entry.ts'

/** Exact matches; what is absent is not asked. */
export interface AuditFilter {
  readonly actor?: string
  readonly action?: string
  readonly subject?: string
  readonly project?: string
  readonly outcome?: AuditOutcome
}

interface ListOptions {
  readonly after: number
  readonly limit: number
  readonly filter: AuditFilter
}

/** Entries after a sequence number, in order. */
export async function listEntries(
  queries: Queries,
  { after, limit, filter }: ListOptions,
): Promise<readonly AuditEntry[]> {
  let query = queries
    .selectFrom('audit_entries')
    .selectAll()
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit)
  for (const column of ['actor', 'action', 'subject', 'project', 'outcome'] as const) {
    const wanted = filter[column]
    if (wanted !== undefined) query = query.where(column, '=', wanted)
  }
  const rows = await query.execute()
  return rows.map((row) => ({
    sequence: row.sequence,
    atMs: row.at_ms,
    actor: row.actor,
    from: row.origin,
    action: row.action,
    subject: row.subject,
    project: row.project,
    // Whatever stands there is shown, and hashed, as it is.
    outcome: row.outcome as AuditOutcome,
    before: row.before_digest,
    after: row.after_digest,
    reason: row.reason,
    previousHash: row.previous_hash,
    hash: row.hash,
  }))
}
