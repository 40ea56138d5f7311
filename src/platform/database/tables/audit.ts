/** Tables of the audit migration. */
export type AuditTables = object
