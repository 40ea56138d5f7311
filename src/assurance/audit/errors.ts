import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of the audit trail; the table feeds `docs/reference/errors.md`. */
export const auditErrors = defineErrors({
  AUDIT_HEAD_MISSING: problem<Record<string, never>>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: () => 'The head of the audit trail is gone, so nothing can be appended to it.',
    hint: () =>
      'Somebody removed it from the database: run `esteira audit verify` and restore a backup.',
  }),
})
