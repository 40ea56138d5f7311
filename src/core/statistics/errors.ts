import { defineErrors, problem } from '../errors/index.ts'

export const errors = defineErrors({
  STATISTICS_INPUT_INVALID: problem<{
    readonly function: string
    readonly expected: string
    readonly got: string
  }>({
    status: 500,
    exit: 'internal',
    blame: 'system',
    message: (d) => `${d.function} expected ${d.expected}, got ${d.got}`,
    hint: () =>
      'A model answered with something that is no number, or rows were lost on the way; look at the step named before this one.',
  }),
})
