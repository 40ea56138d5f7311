/** Tables of the audit migration. */
export interface AuditTables {
  readonly audit_entries: {
    sequence: number
    at_ms: number
    actor: string
    origin: string
    action: string
    subject: string
    project: string
    outcome: string
    before_digest: string | null
    after_digest: string | null
    reason: string | null
    previous_hash: string
    hash: string
  }
  /** One row: how many entries there are, and the hash of the newest. */
  readonly audit_head: { id: number; count: number; hash: string }
}
