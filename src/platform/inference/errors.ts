import { defineErrors, didYouMean, problem } from '../../core/errors/index.ts'

export const inferenceErrors = defineErrors({
  MODEL_CORRUPT: problem<{ model: string; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) => `The model file ${d.model} cannot be used: ${d.reason}.`,
    hint: () => 'Train the model again, or restore the file from the artifact store.',
  }),
  MODEL_NOT_ALLOWED: problem<{ model: string; reason: string }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) => `The model file ${d.model} is refused: ${d.reason}.`,
    hint: () =>
      'A model must be one self-contained ONNX file that uses only the operators of "ai.onnx" and "ai.onnx.ml". Export it again without external data and custom operators.',
  }),
  MODEL_SIGNATURE_MISMATCH: problem<{ model: string; expected: string; got: string }>({
    status: 500,
    exit: 'data',
    blame: 'user-code',
    message: (d) =>
      `The model file ${d.model} does not fit its signature: expected ${d.expected}, got ${d.got}.`,
    hint: () => 'Store the signature that was made together with this model file.',
  }),
  PREDICTION_INPUT_MISSING: problem<{ input: string; given: readonly string[] }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) => `The model needs the input "${d.input}", which is not among the given columns.`,
    hint: (d) =>
      [
        didYouMean(d.input, d.given),
        `Given: ${d.given.length === 0 ? 'none' : d.given.join(', ')}.`,
      ]
        .join(' ')
        .trim(),
  }),
  FRAME_COLUMN_MISSING: problem<{ column: string; present: readonly string[] }>({
    status: 422,
    exit: 'data',
    blame: 'caller',
    message: (d) => `The frame has no column "${d.column}".`,
    hint: (d) =>
      [
        didYouMean(d.column, d.present),
        `A model can only be judged on a frame with its inputs; this one has ${d.present.join(', ')}.`,
      ]
        .join(' ')
        .trim(),
  }),
  PREDICTION_FAILED: problem<{ model: string; reason: string }>({
    status: 500,
    exit: 'data',
    blame: 'system',
    message: (d) => `The model ${d.model} gave no answer: ${d.reason}.`,
    hint: () => 'Check the values of the inputs: numbers must be finite or missing.',
  }),
})
