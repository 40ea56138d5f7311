import { migration } from './migration.ts'

/** Who works on what, until when; and when each job is due. */
export const jobs = migration(
  'jobs',
  ({ integer, text, keyed }) => `
CREATE TABLE leases (
  name ${text} PRIMARY KEY,
  owner ${text} NOT NULL,
  fence ${integer} NOT NULL,
  until_ms ${integer} NOT NULL
) ${keyed};

CREATE TABLE jobs (
  name ${text} PRIMARY KEY,
  next_due_ms ${integer} NOT NULL,
  last_started_ms ${integer},
  last_ended_ms ${integer},
  last_error ${text}
) ${keyed};
`,
)
