import type { ColumnType, Generated } from 'kysely'

/** Records, steps and states of belts. */
export interface RecordTables {
  readonly records: {
    sequence: Generated<number>
    project: string
    kind: string
    id: string
    digest: string
    json: string
    created_at_ms: number
  }
  readonly steps: { key: string; json: string }
  readonly states: { project: string; name: string; revision: number; json: string }
  readonly model_versions: {
    project: string
    model: string
    version: number
    version_id: ColumnType<string, string, never>
  }
  readonly environment_changes: {
    sequence: Generated<number>
    project: string
    id: string
    model: string
    environment: string
    json: string
  }
}
