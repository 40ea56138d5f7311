import { migration } from './migration.ts'

/** Answers to creations by idempotency key, and the live progress of belts. */
export const api = migration(
  'api',
  ({ counter, integer, text, table, keyed }) => `
CREATE TABLE idempotent_answers (
  caller ${text} NOT NULL,
  key ${text} NOT NULL,
  request_digest ${text} NOT NULL,
  status ${integer},
  body ${text},
  created_at_ms ${integer} NOT NULL,
  PRIMARY KEY (caller, key)
) ${keyed};
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (created_at_ms);

CREATE TABLE progress_events (
  sequence ${counter},
  project ${text} NOT NULL,
  json ${text} NOT NULL,
  at_ms ${integer} NOT NULL
) ${table};
`,
)
