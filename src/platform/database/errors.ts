import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of the databases; the table feeds `docs/reference/errors.md`. */
export const databaseErrors = defineErrors({
  STORAGE_FULL: problem<{ path: string; reason: string }>({
    status: 507,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `There is no room to write ${d.path}: ${d.reason}`,
    hint: () =>
      'Free disk space (or raise the limit) and repeat the command; nothing was half-written.',
  }),
  METADATA_CORRUPT: problem<{ path: string; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) => `The database ${d.path} is damaged: ${d.reason}`,
    hint: (d) =>
      `Restore ${d.path} from a backup, or move it (with its -wal and -shm files) away and run the belt again; what is readable can be saved with: sqlite3 ${d.path} .recover`,
  }),
  METADATA_TOO_NEW: problem<{ path: string; found: number; known: number }>({
    status: 500,
    exit: 'environment',
    blame: 'caller',
    message: (d) =>
      `The database ${d.path} has schema ${d.found}; this version of Esteira knows schemas up to ${d.known}`,
    hint: () => 'Update Esteira to the version that last used this project.',
  }),
  DATABASE_BUSY: problem<{ path: string; reason: string }>({
    status: 503,
    exit: 'conflict',
    blame: 'system',
    retryable: true,
    message: (d) => `The database ${d.path} stayed locked by another process: ${d.reason}`,
    hint: () => 'Wait for the other process to finish, then repeat the command.',
  }),
  DATABASE_FAILED: problem<{ path: string; reason: string }>({
    status: 500,
    exit: 'environment',
    blame: 'system',
    message: (d) => `The database ${d.path} cannot be used: ${d.reason}`,
    hint: () => 'Check that the folder exists and may be read and written by this user.',
  }),
  DATABASE_URL_INVALID: problem<{ got: string; reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `The database URL "${d.got}" cannot be used: ${d.reason}`,
    hint: () =>
      'Give sqlite:///path/to/metadata.db, a plain path, or postgresql://user@host:5432/database.',
  }),
  DATABASE_UNREACHABLE: problem<{ path: string; reason: string }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The database ${d.path} does not answer: ${d.reason}`,
    hint: () => 'Check that the server runs and that address, user and password are right.',
  }),
})
