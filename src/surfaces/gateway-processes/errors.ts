import { defineErrors, problem } from '../../core/errors/index.ts'

export const gatewayProcessErrors = defineErrors({
  WORKERS_DO_NOT_START: problem<{ times: number; ending: string }>({
    status: 500,
    exit: 'worker',
    blame: 'system',
    message: (d) =>
      `No worker process of the gateway could be started: the last of ${d.times} tries in a row ended with ${d.ending} before it answered.`,
    hint: () =>
      'Look at what the workers wrote above, and try `esteira gateway --workers 1`. `esteira doctor` says what may be missing on this machine.',
  }),
  GATEWAY_FIGURES_LATE: problem<{ seconds: number }>({
    status: 503,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The figures of all processes did not come within ${d.seconds} s.`,
    hint: () => 'Ask again: the primary process is busy. Predictions go on meanwhile.',
  }),
})
