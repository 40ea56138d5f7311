import { defineErrors, problem } from '../../core/errors/index.ts'

export const problemErrors = defineErrors({
  PROBLEM_METRIC_UNFIT: problem<{ metric: string; type: string; where: string; fitting: string }>({
    status: 422,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `${d.where} names the metric "${d.metric}", which a ${d.type} problem has not`,
    hint: (d) => `Use one of: ${d.fitting}.`,
  }),
  PROBLEM_TARGET_MISSING: problem<{ type: string }>({
    status: 422,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `problem.target is missing, but a ${d.type} problem predicts a column`,
    hint: () => 'Name the column of dataset.sql that holds what is to be predicted.',
  }),
  PROBLEM_VALUE_UNFIT: problem<{ type: string; expected: string }>({
    status: 422,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `problem.value does not fit a ${d.type} problem: expected ${d.expected}`,
    hint: () => 'See docs/reference/project-file.md for the value of each problem type.',
  }),
  PROBLEM_NOT_FEASIBLE: problem<{ reasons: string }>({
    status: 422,
    exit: 'no-go',
    blame: 'caller',
    message: (d) => `the feasibility check ended in NO-GO: ${d.reasons}`,
    hint: () =>
      'Collect more or fresher data, revise problem.value, or change problem.feasibility with a reason.',
  }),
})
