import { defineErrors, problem } from '../../core/errors/index.ts'

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`

/** Errors of the Python workers; `subject` is the candidate. */
export const workerErrors = defineErrors({
  WORKER_CRASHED: problem<{ subject: string; reason: string; log: string }>({
    status: 500,
    exit: 'worker',
    blame: 'system',
    message: (d) =>
      `The worker of "${d.subject}" ${d.reason}${d.log === '' ? '' : `; last lines: ${d.log}`}`,
    hint: () =>
      'If the candidate uses own code, look there; else run again, and report it if it repeats.',
  }),
  WORKER_OUT_OF_MEMORY: problem<{ subject: string; limitMb: number; usedMb: number | null }>({
    status: 500,
    exit: 'worker',
    blame: 'caller',
    message: (d) =>
      `The worker of "${d.subject}" needed more than the ${d.limitMb} MB it may use${
        d.usedMb === null ? '' : ` (${Math.round(d.usedMb)} MB)`
      } and was ended`,
    hint: () =>
      'Raise training.memoryLimitMb, lower training.maxRows, or make the model smaller (fewer trees, less depth).',
  }),
  WORKER_TIMED_OUT: problem<{ subject: string; limitMs: number }>({
    status: 500,
    exit: 'worker',
    blame: 'caller',
    message: (d) =>
      `The worker of "${d.subject}" did not finish within ${seconds(d.limitMs)} and was ended`,
    hint: () => 'Raise training.timeLimit, lower training.maxRows, or drop the candidate.',
  }),
  WORKER_SILENT: problem<{ subject: string; silentMs: number }>({
    status: 500,
    exit: 'worker',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `The worker of "${d.subject}" gave no sign of life for ${seconds(d.silentMs)} and was ended`,
    hint: () =>
      'It was stopped from outside, or code in it holds the interpreter; run the belt again.',
  }),
  WORKER_CANCELLED: problem<{ subject: string }>({
    status: 499,
    exit: 'interrupted',
    blame: 'caller',
    retryable: true,
    message: (d) => `The work on "${d.subject}" was cancelled`,
    hint: () => 'Run the same command again; finished steps are not computed twice.',
  }),
  WORKER_FAILED: problem<{ subject: string; code: string; reason: string; wayOut: string }>({
    status: 500,
    exit: 'worker',
    blame: 'caller',
    message: (d) => `"${d.subject}" cannot be trained: ${d.reason} (${d.code})`,
    hint: (d) => d.wayOut || 'Change the candidate or its data as the message says.',
  }),
  WORKER_PROTOCOL: problem<{ subject: string; reason: string }>({
    status: 500,
    exit: 'worker',
    blame: 'system',
    message: (d) => `The worker of "${d.subject}" broke the protocol: ${d.reason}`,
    hint: () => 'The worker package and Esteira do not fit together; install Esteira anew.',
  }),
  PYTHON_NOT_FOUND: problem<{ tried: string }>({
    status: 500,
    exit: 'environment',
    blame: 'system',
    message: (d) => `No Python 3.11 or newer with the venv module was found (tried: ${d.tried})`,
    hint: () =>
      'Install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv), or name one in ESTEIRA_PYTHON.',
  }),
  PYTHON_ENVIRONMENT_FAILED: problem<{ step: string; reason: string }>({
    status: 500,
    exit: 'environment',
    blame: 'system',
    retryable: true,
    message: (d) => `The worker's Python environment could not be made: ${d.step}: ${d.reason}`,
    hint: () => 'Check the network and the disk, then repeat the command; it starts afresh.',
  }),
})
