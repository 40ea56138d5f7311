import { defineErrors, problem } from '../../core/errors/index.ts'

export const evaluationErrors = defineErrors({
  EVALUATION_EMPTY: problem<{ part: string; frame: string }>({
    status: 422,
    exit: 'data',
    blame: 'user-code',
    message: (d) => `The ${d.part} part of the frame ${d.frame} has no rows to judge a model on.`,
    hint: () => 'Change the split so that every part gets rows.',
  }),
  EVALUATION_TARGET_UNKNOWN: problem<{
    row: number
    expected: string
    got: string
  }>({
    status: 422,
    exit: 'data',
    blame: 'user-code',
    message: (d) => `Row ${d.row} cannot be judged: expected ${d.expected}, got ${d.got}.`,
    hint: () =>
      'Every row needs a target the model knows; train again when a class is new, or drop such rows in the dataset’s SQL.',
  }),
  EVALUATION_POSITIVE_CLASS_UNKNOWN: problem<{
    positiveClass: string | null
    classes: readonly string[]
  }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) =>
      `The positive class ${d.positiveClass === null ? '(none)' : `"${d.positiveClass}"`} is none of the model's two classes: ${d.classes.join(', ') || 'none'}.`,
    hint: () => 'Set `problem.positiveClass` to the value of the target that counts as "yes".',
  }),
  EVALUATION_METRIC_UNDEFINED: problem<{ metric: string; part: string }>({
    status: 422,
    exit: 'data',
    blame: 'user-code',
    message: (d) =>
      `The metric "${d.metric}" is not defined for both models on the ${d.part} rows.`,
    hint: () =>
      'Compare by a metric of the problem’s type, on rows that hold more than one class; money needs `problem.value`.',
  }),
})
