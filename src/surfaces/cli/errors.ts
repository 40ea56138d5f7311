import { defineErrors, problem } from '../../core/errors/index.ts'

export const errors = defineErrors({
  COMMAND_INVALID: problem<{ reason: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => d.reason,
    hint: () => '`esteira --help` lists the commands, `esteira <command> --help` their options.',
  }),
  INSTANT_INVALID: problem<{ option: string; got: string }>({
    status: 400,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `${d.option}: expected an ISO 8601 date or time, got "${d.got}".`,
    hint: (d) => `For example ${d.option} 2013-07-01 or ${d.option} 2013-07-01T06:00:00Z.`,
  }),
  RECORD_UNKNOWN: problem<{ kind: string; id: string; known: readonly string[] }>({
    status: 404,
    exit: 'not-found',
    blame: 'caller',
    message: (d) => `There is no ${d.kind} "${d.id}" in this project.`,
    hint: (d) =>
      d.known.length === 0
        ? `This project has none yet; \`esteira run\` makes them.`
        : `\`esteira show ${d.kind}\` lists them; the newest is ${d.known[0]}.`,
  }),
  EXAMPLE_MISSING: problem<{ folder: string }>({
    status: 404,
    exit: 'environment',
    blame: 'caller',
    message: (d) => `The example is not at ${d.folder}.`,
    hint: () => 'The demo runs in a clone of the repository: `npm run demo`.',
  }),
  CHILD_ENDED: problem<{ name: string; code: number | string; reason: string }>({
    status: 500,
    exit: 'environment',
    blame: 'system',
    message: (d) => `${d.name} ended with ${d.code} before it was ready: ${d.reason}`,
    hint: () => '`esteira doctor` says what may be missing on this machine.',
  }),
  WATCH_ENDED: problem<{ ending: string }>({
    status: 500,
    exit: 'worker',
    blame: 'system',
    retryable: true,
    message: (d) =>
      `The process that looks after the endpoint ended with ${d.ending} in the middle of a look.`,
    hint: () =>
      'The next look is taken in 30 s by another process. SIGKILL or SIGABRT time and again mean that memory is short.',
  }),
  INTERRUPTED: problem<Record<string, never>>({
    status: 499,
    exit: 'interrupted',
    blame: 'caller',
    retryable: true,
    message: () => 'Interrupted.',
    hint: () => 'Finished steps are kept; the same command goes on from there.',
  }),
  UNEXPECTED: problem<{ reason: string }>({
    status: 500,
    exit: 'internal',
    blame: 'system',
    message: (d) => `Esteira itself failed: ${d.reason}`,
    hint: () => 'Run again with ESTEIRA_TRACE=1 for the full trace, and report it.',
  }),
})
