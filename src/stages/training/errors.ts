import { defineErrors, problem } from '../../core/errors/index.ts'

export const trainingErrors = defineErrors({
  MODEL_PARITY_BROKEN: problem<{
    candidate: string
    difference: number
    allowed: number
    row: number
  }>({
    status: 500,
    exit: 'worker',
    blame: 'system',
    message: (d) =>
      `The ONNX file of the candidate "${d.candidate}" does not answer like the model it was made from: expected a difference of at most ${d.allowed}, got ${d.difference} in validation row ${d.row}.`,
    hint: () =>
      'The candidate is left out, since what would be served is not what was trained. Try other parameters, or scale the numeric inputs.',
  }),
  MODEL_PARITY_UNPROVEN: problem<{ candidate: string; reason: string }>({
    status: 500,
    exit: 'worker',
    blame: 'system',
    message: (d) =>
      `Nothing shows that the ONNX file of the candidate "${d.candidate}" answers like the model it was made from: ${d.reason}.`,
    hint: () => 'Check that the validation part has rows and that the worker is whole.',
  }),
  CANDIDATE_UNKNOWN: problem<{ candidate: string; member: string }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) =>
      `The candidate "${d.candidate}" votes with "${d.member}", which is no candidate.`,
    hint: () => 'Name only candidates of the same project as members.',
  }),
})
