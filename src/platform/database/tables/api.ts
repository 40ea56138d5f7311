import type { Generated } from 'kysely'

export interface ApiTables {
  readonly idempotent_answers: {
    caller: string
    key: string
    request_digest: string
    /** Null while the first request is under way. */
    status: number | null
    body: string | null
    created_at_ms: number
  }
  readonly progress_events: {
    sequence: Generated<number>
    project: string
    json: string
    at_ms: number
  }
}
