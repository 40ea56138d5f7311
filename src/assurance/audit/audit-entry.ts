import { digestOfBytes } from '../../core/identity/index.ts'

/** `done`: the change was made; `refused`: it was asked for and not allowed. */
export type AuditOutcome = 'done' | 'refused'

/** One entry of the audit trail, as it is hashed, listed and exported. */
export interface AuditEntry {
  readonly sequence: number
  readonly atMs: number
  readonly actor: string
  /** From where: an address, `cli`, `platform`. */
  readonly from: string
  readonly action: string
  readonly subject: string
  readonly project: string
  readonly outcome: AuditOutcome
  readonly before: string | null
  readonly after: string | null
  readonly reason: string | null
  /** The hash of the entry before; 64 zeros for the first. */
  readonly previousHash: string
  /** SHA-256, hex, of the canonical JSON of all the fields above. */
  readonly hash: string
}

/** What the chain begins with. */
export const GENESIS_HASH = '0'.repeat(64)

/**
 * SHA-256 of the entry's canonical JSON. The members are written here in the order that RFC 8785
 * sorts them, which spares the sorting: an entry costs some microseconds.
 */
export function hashOfEntry(entry: Omit<AuditEntry, 'hash'>): string {
  return digestOfBytes(
    JSON.stringify({
      action: entry.action,
      actor: entry.actor,
      after: entry.after,
      atMs: entry.atMs,
      before: entry.before,
      from: entry.from,
      outcome: entry.outcome,
      previousHash: entry.previousHash,
      project: entry.project,
      reason: entry.reason,
      sequence: entry.sequence,
      subject: entry.subject,
    }),
  )
}
