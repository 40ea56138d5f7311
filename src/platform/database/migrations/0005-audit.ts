import { appendOnly, type Migration, migration } from './migration.ts'

const tables = migration(
  'audit',
  ({ integer, text, table }) => `
CREATE TABLE audit_entries (
  sequence ${integer} PRIMARY KEY,
  at_ms ${integer} NOT NULL,
  actor ${text} NOT NULL,
  origin ${text} NOT NULL,
  action ${text} NOT NULL,
  subject ${text} NOT NULL,
  project ${text} NOT NULL,
  outcome ${text} NOT NULL,
  before_digest ${text},
  after_digest ${text},
  reason ${text},
  previous_hash ${text} NOT NULL,
  hash ${text} NOT NULL
) ${table};
CREATE INDEX audit_entries_by_subject ON audit_entries (subject, sequence);
CREATE TABLE audit_head (
  id ${integer} PRIMARY KEY CHECK (id = 1),
  count ${integer} NOT NULL,
  hash ${text} NOT NULL
) ${table};
INSERT INTO audit_head (id, count, hash) VALUES (1, 0, '${'0'.repeat(64)}');
`,
)
const guards = appendOnly('audit_entries', 'the audit trail is never changed')

/** The audit trail: entries in a chain of hashes, and its head. */
export const audit: Migration = {
  name: tables.name,
  sqlite: tables.sqlite + guards.sqlite,
  postgres: tables.postgres + guards.postgres,
}
