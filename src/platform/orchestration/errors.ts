import { defineErrors, problem } from '../../core/errors/index.ts'

/** Errors of running steps and jobs. */
export const orchestrationErrors = defineErrors({
  STEP_FAILED: problem<{ stage: string; name: string; reason: string }>({
    status: 500,
    exit: 'internal',
    blame: 'system',
    message: (d) => `Step "${d.name}" of ${d.stage} failed: ${d.reason}`,
    hint: () =>
      'Finished steps are kept; run the command again. If it fails again at the same step, please report it.',
  }),
  LEASE_LOST: problem<{ name: string }>({
    status: 503,
    exit: 'conflict',
    blame: 'system',
    retryable: true,
    message: (d) => `"${d.name}" was taken over by another server before the work ended`,
    hint: () =>
      'Nothing is to be done: the other server does it. If it happens often, this machine stands still or its clock is wrong.',
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
