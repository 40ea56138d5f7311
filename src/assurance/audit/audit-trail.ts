import type { Clock } from '../../core/time/index.ts'
import type { Change, ChangeListener, Database } from '../../platform/database/index.ts'
import { appendEntries } from './append-entries.ts'
import type { AuditEntry } from './audit-entry.ts'
import { type AuditFilter, listEntries } from './list-entries.ts'
import { type AuditHead, type Verification, verifyChain } from './verify-chain.ts'

export interface AuditPage {
  /** Entries after this sequence number. @default 0 */
  readonly after?: number
  /** @default 100 */
  readonly limit?: number
  readonly filter?: AuditFilter
}

/** Who did what, in a chain of hashes that shows any later change. */
export interface AuditTrail {
  /**
   * Appends what a transaction changes, within it. It locks the head of the chain until the commit,
   * so it is called once, last, with all changes of the transaction.
   */
  readonly listener: ChangeListener
  /** Keeps an attempt that was not allowed. */
  refuse(change: Change): Promise<void>
  /** In the order of the chain. */
  list(page?: AuditPage): Promise<readonly AuditEntry[]>
  head(): Promise<AuditHead>
  /**
   * Walks the whole chain. With `expectHead`, a hash seen earlier, a chain that was rewritten as a
   * whole is found too: that hash must still be in it.
   */
  verify(options?: { readonly expectHead?: string }): Promise<Verification>
  /** One JSON document an entry, in order, each ending in a line feed. */
  exportLines(): AsyncIterable<string>
}

const PAGE = 1_000

export function createAuditTrail(
  database: Database,
  { clock }: { readonly clock: Clock },
): AuditTrail {
  const list = ({ after = 0, limit = 100, filter = {} }: AuditPage = {}) =>
    listEntries(database.queries, { after, limit, filter })
  return {
    listener: (transaction, changes) =>
      appendEntries(transaction, changes, {
        dialect: database.dialect,
        atMs: clock.now(),
        outcome: 'done',
      }),
    refuse: (change) =>
      database.transaction((transaction) =>
        appendEntries(transaction, [change], {
          dialect: database.dialect,
          atMs: clock.now(),
          outcome: 'refused',
        }),
      ),
    list,
    async head() {
      const row = await database.queries
        .selectFrom('audit_head')
        .select(['count', 'hash'])
        .executeTakeFirst()
      return row ?? { count: 0, hash: '' }
    },
    verify: (options = {}) => verifyChain(database, options),
    async *exportLines() {
      let after = 0
      for (;;) {
        const entries = await list({ after, limit: PAGE })
        for (const entry of entries) yield `${JSON.stringify(entry)}\n`
        const last = entries.at(-1)
        if (last === undefined) return
        after = last.sequence
      }
    },
  }
}
