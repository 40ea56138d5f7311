import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

export const selectionErrors = defineErrors({
  CANDIDATE_ESTIMATOR_UNFIT: problem<{
    candidate: string
    estimator: string
    problemType: string
    fitting: readonly string[]
  }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) =>
      `The candidate "${d.candidate}" cannot learn a ${d.problemType} problem with the estimator "${d.estimator}".`,
    hint: (d) => `Choose one of: ${d.fitting.join(', ')}.`,
  }),
  CANDIDATE_NAME_TAKEN: problem<{ candidate: string }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) => `Two candidates are called "${d.candidate}".`,
    hint: () => 'Give each candidate a name of its own.',
  }),
  CANDIDATE_MEMBER_UNKNOWN: problem<{
    candidate: string
    member: string
    known: readonly string[]
  }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) =>
      `The candidate "${d.candidate}" votes with "${d.member}", which is no candidate.`,
    hint: (d) =>
      [didYouMean(d.member, d.known), `Candidates: ${d.known.join(', ') || 'none'}.`]
        .filter((part) => part !== '')
        .join(' '),
  }),
  CANDIDATE_MEMBERS_INVALID: problem<{ candidate: string; reason: string }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) => `The members of the candidate "${d.candidate}" cannot vote: ${d.reason}.`,
    hint: () => 'A voting candidate names at least two other candidates that do not vote.',
  }),
  CANDIDATE_FILE_MISSING: problem<{ candidate: string }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) => `The custom candidate "${d.candidate}" names no file.`,
    hint: () => 'Set `file` to a Python file with a function `build(parameters, context)`.',
  }),
})
