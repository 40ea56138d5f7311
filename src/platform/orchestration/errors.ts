import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of running steps. */
export const orchestrationErrors = defineErrors({
  STEP_FAILED: problem<{ stage: string; name: string; reason: string }>({
    status: 500,
    exit: 'internal',
    blame: 'system',
    message: (d) => `Step "${d.name}" of ${d.stage} failed: ${d.reason}`,
    hint: () =>
      'Finished steps are kept; run the command again. If it fails again at the same step, please report it.',
  }),
  RUN_INTERRUPTED: problem<{ stage: string; name: string }>({
    status: 503,
    exit: 'interrupted',
    blame: 'caller',
    retryable: true,
    message: (d) => `Interrupted at step "${d.name}" of ${d.stage}`,
    hint: () => 'Run the same command again; it goes on after the last finished step.',
  }),
})
