/** Tables of the jobs migration. */
export interface JobTables {
  readonly leases: {
    name: string
    owner: string
    fence: number
    until_ms: number
  }
  readonly jobs: {
    name: string
    next_due_ms: number
    last_started_ms: number | null
    last_ended_ms: number | null
    last_error: string | null
  }
}
