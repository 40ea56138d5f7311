import type { ColumnType, Generated } from 'kysely'

/** Tables of `metadata.db`, for the query builder. */
export interface MetadataTables {
  readonly records: {
    sequence: Generated<number>
    kind: string
    id: string
    digest: string
    json: string
    created_at_ms: number
  }
  readonly steps: { key: string; json: string }
  readonly states: { name: string; revision: number; json: string }
  readonly model_versions: {
    model: string
    version: number
    version_id: ColumnType<string, string, never>
  }
  readonly environment_changes: {
    sequence: Generated<number>
    id: string
    model: string
    environment: string
    json: string
  }
}

const INITIAL = `
CREATE TABLE records (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  digest TEXT NOT NULL,
  json TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  UNIQUE (kind, id)
) STRICT;
CREATE INDEX records_by_kind ON records (kind, sequence DESC);
CREATE TRIGGER records_keep BEFORE UPDATE ON records
  BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
CREATE TRIGGER records_stay BEFORE DELETE ON records
  BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;

CREATE TABLE steps (key TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE states (
  name TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  json TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model_versions (
  model TEXT NOT NULL,
  version INTEGER NOT NULL,
  version_id TEXT NOT NULL,
  PRIMARY KEY (model, version),
  UNIQUE (model, version_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE environment_changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  model TEXT NOT NULL,
  environment TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;
CREATE INDEX environment_changes_by_model ON environment_changes (model, sequence);
CREATE TRIGGER environment_changes_keep BEFORE UPDATE ON environment_changes
  BEGIN SELECT RAISE(ABORT, 'the history of environments is never changed'); END;
CREATE TRIGGER environment_changes_stay BEFORE DELETE ON environment_changes
  BEGIN SELECT RAISE(ABORT, 'the history of environments is never deleted'); END;
`

export const METADATA_MIGRATIONS: readonly string[] = [INITIAL]
