import type { ModelVersion } from '../../core/records/index.ts'
import type { PredictionBatch } from '../../platform/inference/index.ts'
import { gatewayErrors } from './errors.ts'
import type { OutputTensor } from './open-inference.ts'

/** What a model answers for one row, as it is logged and encoded. */
export interface RowAnswer {
  readonly output: readonly number[]
  /** Positive-class answer after the threshold; null when not binary. */
  readonly decision: boolean | null
}

type AnsweringVersion = Pick<ModelVersion, 'signature' | 'threshold'>

/** The rows of a prediction, with the yes or no of a binary model. */
export function readAnswers(batch: PredictionBatch, version: AnsweringVersion): RowAnswer[] {
  const positive = positiveIndex(version)
  return Array.from({ length: batch.rows }, (_, row) => {
    const output = Array.from(batch.output.subarray(row * batch.width, (row + 1) * batch.width))
    const probability = positive === undefined ? undefined : output[positive]
    const decision =
      probability === undefined || version.threshold === null
        ? null
        : probability >= version.threshold
    return { output, decision }
  })
}

/** Column of the positive class's probability; undefined when the model gives no yes or no. */
function positiveIndex({ signature, threshold }: AnsweringVersion): number | undefined {
  if (signature.positiveClass === null || threshold === null) return undefined
  const index = signature.classes.indexOf(signature.positiveClass)
  return index < 0 ? undefined : index
}

type OutputBuilder = (answers: readonly RowAnswer[], version: AnsweringVersion) => OutputTensor

const BUILDERS: Readonly<Record<string, OutputBuilder>> = {
  probabilities: (answers, { signature }) => ({
    name: 'probabilities',
    datatype: 'FP32',
    shape: [answers.length, signature.classes.length],
    data: answers.flatMap(({ output }) => output),
  }),
  label: (answers, version) => ({
    name: 'label',
    datatype: 'BYTES',
    shape: [answers.length],
    data: answers.map((answer) => labelOf(answer, version)),
  }),
  decision: (answers) => ({
    name: 'decision',
    datatype: 'BOOL',
    shape: [answers.length],
    data: answers.map(({ decision }) => decision === true),
  }),
  value: (answers) => ({
    name: 'value',
    datatype: 'FP32',
    shape: [answers.length],
    data: answers.map(({ output }) => output[0] ?? Number.NaN),
  }),
  cluster: (answers) => ({
    name: 'cluster',
    datatype: 'INT32',
    shape: [answers.length],
    data: answers.map(({ output }) => output[0] ?? Number.NaN),
  }),
}

/** The decided class: by the threshold where there is one, else the most probable. */
function labelOf({ output, decision }: RowAnswer, version: AnsweringVersion): string {
  const { classes, positiveClass } = version.signature
  if (decision !== null && positiveClass !== null) {
    const negative = classes.find((label) => label !== positiveClass) ?? ''
    return decision ? positiveClass : negative
  }
  return classes[output.indexOf(Math.max(...output))] ?? ''
}

/** Names of a version's outputs, in the order in which they are sent. */
export function outputNames(version: AnsweringVersion): readonly string[] {
  const { problemType } = version.signature
  if (problemType === 'regression') return ['value']
  if (problemType === 'clustering') return ['cluster']
  return positiveIndex(version) === undefined
    ? ['probabilities', 'label']
    : ['probabilities', 'label', 'decision']
}

/** @throws OUTPUT_UNKNOWN when a wanted output is none of the version's */
export function checkOutputs(
  wanted: readonly string[] | undefined,
  version: AnsweringVersion,
): readonly string[] {
  const known = outputNames(version)
  for (const output of wanted ?? []) {
    if (!known.includes(output)) throw gatewayErrors.OUTPUT_UNKNOWN({ output, known })
  }
  return wanted === undefined ? known : known.filter((name) => wanted.includes(name))
}

export function encodeOutputs(
  answers: readonly RowAnswer[],
  version: AnsweringVersion,
  names: readonly string[],
): OutputTensor[] {
  return names.flatMap((name) => BUILDERS[name]?.(answers, version) ?? [])
}

/** The outputs as the model's metadata describes them. */
export function describeOutputs(version: AnsweringVersion) {
  return encodeOutputs([], version, outputNames(version)).map(({ name, datatype, shape }) => ({
    name,
    datatype,
    shape: [-1, ...shape.slice(1)],
  }))
}
