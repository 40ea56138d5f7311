import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of the stores; the table feeds `docs/reference/errors.md`. */
export const storageErrors = defineErrors({
  SQL_FAILED: problem<{ sql: string; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'caller',
    message: (d) => `The query failed: ${d.reason} (query: ${d.sql})`,
    hint: () => 'Correct the SQL or the column names in the project file.',
  }),
  TABLE_UNREADABLE: problem<{ path: string; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) => `A table cannot be read from ${d.path}: ${d.reason}`,
    hint: () =>
      'The file is missing, cut off or no Parquet file. Remove it and run the belt again; the step that made it will make it anew.',
  }),
  ARTIFACT_MISSING: problem<{ digest: string; folder: string }>({
    status: 404,
    exit: 'not-found',
    blame: 'system',
    message: (d) => `Artifact ${d.digest} is not in ${d.folder}`,
    hint: () => 'Run the belt again; steps whose artifacts are gone are run anew.',
  }),
  ARTIFACT_CORRUPT: problem<{ digest: string; actual: string; path: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) =>
      `Artifact ${d.digest} was changed on disk: its bytes now have digest ${d.actual}`,
    hint: (d) => `Delete ${d.path} (or restore it from a backup) and run the belt again.`,
  }),
  ARTIFACT_UNREADABLE: problem<{ path: string; reason: string }>({
    status: 500,
    exit: 'environment',
    blame: 'system',
    message: (d) => `The file ${d.path} cannot be put into the artifact store: ${d.reason}`,
    hint: () =>
      'Check that the file exists and may be read, and that the store folder may be written.',
  }),
  RECORD_CONFLICT: problem<{ kind: string; id: string }>({
    status: 409,
    exit: 'conflict',
    blame: 'system',
    message: (d) =>
      `${d.kind} "${d.id}" is already stored with other content; records never change`,
    hint: () => 'Give the new content its own id.',
  }),
  RECORD_INVALID: problem<{ kind: string; id: string; reason: string }>({
    status: 500,
    exit: 'internal',
    blame: 'system',
    message: (d) => `${d.kind} "${d.id}" does not fit its schema and was not stored: ${d.reason}`,
    hint: () => 'This is a fault of the code that made the record; please report it.',
  }),
  RECORD_UNREADABLE: problem<{ kind: string; id: string; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) =>
      `The stored ${d.kind} "${d.id}" does not fit this version's schema: ${d.reason}`,
    hint: () => 'Use the version of Esteira that wrote it, or run the belt again in a new folder.',
  }),
  STATE_CONFLICT: problem<{ name: string; expected: number; actual: number }>({
    status: 409,
    exit: 'conflict',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `State "${d.name}" is at revision ${d.actual}, expected ${d.expected}: somebody else changed it meanwhile`,
    hint: () => 'Read the state again and repeat the change.',
  }),
  ENTRY_INVALID: problem<{ store: string; id: string; reason: string }>({
    status: 400,
    exit: 'data',
    blame: 'caller',
    message: (d) => `"${d.id}" cannot be kept in the ${d.store}: ${d.reason}`,
    hint: () => 'Keys must be plain values and numbers finite; a missing value is null.',
  }),
  ONLINE_STORE_URL_INVALID: problem<{ got: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The address of the online store is ${JSON.stringify(d.got)}.`,
    hint: () =>
      'Set ESTEIRA_ONLINE_STORE to redis://[user:password@]host[:port][/database], or rediss:// for TLS; without it features are kept in the data folder.',
  }),
  ONLINE_STORE_FAILED: problem<{ place: string; reason: string }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The online store at ${d.place} failed: ${d.reason}`,
    hint: () =>
      'Start Redis 6 or newer, or correct ESTEIRA_ONLINE_STORE; `esteira doctor` says whether it answers.',
  }),
  PROJECT_BUSY: problem<{
    folder: string
    pid: number
    host: string
    purpose: string
    since: string
  }>({
    status: 409,
    exit: 'conflict',
    blame: 'caller',
    retryable: true,
    message: (d) =>
      `The project ${d.folder} is in use: process ${d.pid} on ${d.host} holds it for "${d.purpose}" since ${d.since}`,
    hint: (d) => `Wait for it to finish, or end it with: kill ${d.pid}`,
  }),
})
