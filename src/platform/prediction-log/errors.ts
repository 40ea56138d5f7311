import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of the prediction log; the table feeds `docs/reference/errors.md`. */
export const predictionLogErrors = defineErrors({
  LOG_WRITE_FAILED: problem<{ path: string; reason: string }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The prediction log cannot be written at ${d.path}: ${d.reason}`,
    hint: () => 'Check that the folder may be written by this user, then send it again.',
  }),
  LOG_BEHIND: problem<{ waiting: number; limit: number }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `The disk of the prediction log does not keep up: ${d.waiting} bytes wait to be written, at most ${d.limit} may.`,
    hint: () => 'Send it again later; a faster disk, or durability "process", takes more.',
  }),
  LOG_CLOSED: problem<{ folder: string }>({
    status: 503,
    exit: 'internal',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `The prediction log ${d.folder} is closed; it takes and tells nothing any more.`,
    hint: () => 'The process is ending. Send it again to the one that follows.',
  }),
  JOURNAL_DAMAGED: problem<{ path: string; offset: number; bytes: number }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) =>
      `The prediction log's journal ${d.path} is damaged: ${d.bytes} bytes from ${d.offset} on do not fit their checksum and are skipped`,
    hint: () =>
      'The disk or somebody else changed the file. Everything else in it is read; the damaged file is kept in the folder "damaged".',
  }),
  COMPACTION_FAILED: problem<{ folder: string; reason: string }>({
    status: 500,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `Journals of ${d.folder} could not be turned into Parquet: ${d.reason}`,
    hint: () =>
      'Nothing is lost: the journals stay and are read. It is tried again when the next journal is full.',
  }),
  MANIFEST_UNREADABLE: problem<{ path: string; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) => `The prediction log's list of files ${d.path} cannot be read: ${d.reason}`,
    hint: () =>
      'Restore it from a backup with the Parquet files beside it, or use the version of Esteira that wrote it.',
  }),
  OLD_LOG_BUSY: problem<{ path: string }>({
    status: 503,
    exit: 'conflict',
    blame: 'system',
    retryable: true,
    message: (d) => `Another process has been moving ${d.path} into the new log for minutes.`,
    hint: () => 'Wait for it to finish, then start again.',
  }),
})
