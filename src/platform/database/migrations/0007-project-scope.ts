import { appendOnly, type Migration } from './migration.ts'

const RECORDS_STAY = 'records are never changed'
const HISTORY_STAYS = 'the history of environments is never changed'

/**
 * A file of version 0.1.0 belongs to one project: the one that last ran its belt in it. Before the
 * first finished run there is nothing but what the next run writes again.
 */
const OWNER = `COALESCE((
  SELECT json_extract(json, '$.project') FROM records WHERE kind = 'belt-run'
  ORDER BY sequence DESC LIMIT 1
), '')`

// SQLite changes no keys of a table that is there, so each is written anew.
const SQLITE = `
CREATE TEMP TABLE owner AS SELECT ${OWNER} AS project;

CREATE TABLE scoped_records (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  project TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  digest TEXT NOT NULL,
  json TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  UNIQUE (project, kind, id)
) STRICT;
INSERT INTO scoped_records
  SELECT sequence, owner.project, kind, id, digest, json, created_at_ms FROM records, owner
  ORDER BY sequence;
DROP TABLE records;
ALTER TABLE scoped_records RENAME TO records;
CREATE INDEX records_by_kind ON records (project, kind, sequence DESC);
${appendOnly('records', RECORDS_STAY).sqlite}

CREATE TABLE scoped_states (
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  json TEXT NOT NULL,
  PRIMARY KEY (project, name)
) STRICT, WITHOUT ROWID;
INSERT INTO scoped_states SELECT owner.project, name, revision, json FROM states, owner;
DROP TABLE states;
ALTER TABLE scoped_states RENAME TO states;

CREATE TABLE scoped_versions (
  project TEXT NOT NULL,
  model TEXT NOT NULL,
  version INTEGER NOT NULL,
  version_id TEXT NOT NULL,
  PRIMARY KEY (project, model, version),
  UNIQUE (project, model, version_id)
) STRICT, WITHOUT ROWID;
INSERT INTO scoped_versions
  SELECT owner.project, model, version, version_id FROM model_versions, owner;
DROP TABLE model_versions;
ALTER TABLE scoped_versions RENAME TO model_versions;

CREATE TABLE scoped_changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  project TEXT NOT NULL,
  id TEXT NOT NULL,
  model TEXT NOT NULL,
  environment TEXT NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (project, id)
) STRICT;
INSERT INTO scoped_changes
  SELECT sequence, owner.project, id, model, environment, json FROM environment_changes, owner
  ORDER BY sequence;
DROP TABLE environment_changes;
ALTER TABLE scoped_changes RENAME TO environment_changes;
CREATE INDEX environment_changes_by_model ON environment_changes (project, model, sequence);
${appendOnly('environment_changes', HISTORY_STAYS).sqlite}

DROP TABLE owner;
`

// No released version wrote to PostgreSQL: the tables are empty, and need no owner.
const POSTGRES = `
ALTER TABLE records ADD COLUMN project TEXT COLLATE "C" NOT NULL,
  DROP CONSTRAINT records_kind_id_key,
  ADD UNIQUE (project, kind, id);
DROP INDEX records_by_kind;
CREATE INDEX records_by_kind ON records (project, kind, sequence DESC);

ALTER TABLE states ADD COLUMN project TEXT COLLATE "C" NOT NULL,
  DROP CONSTRAINT states_pkey,
  ADD PRIMARY KEY (project, name);

ALTER TABLE model_versions ADD COLUMN project TEXT COLLATE "C" NOT NULL,
  DROP CONSTRAINT model_versions_pkey,
  DROP CONSTRAINT model_versions_model_version_id_key,
  ADD PRIMARY KEY (project, model, version),
  ADD UNIQUE (project, model, version_id);

ALTER TABLE environment_changes ADD COLUMN project TEXT COLLATE "C" NOT NULL,
  DROP CONSTRAINT environment_changes_id_key,
  ADD UNIQUE (project, id);
DROP INDEX environment_changes_by_model;
CREATE INDEX environment_changes_by_model ON environment_changes (project, model, sequence);
`

/** Several projects in one database: what a belt keeps is a project's own. */
export const projectScope: Migration = {
  name: 'project-scope',
  sqlite: SQLITE,
  postgres: POSTGRES,
}
