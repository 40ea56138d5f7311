import type { PredictionBatch } from '../../platform/inference/index.ts'
import {
  type AnsweringVersion,
  decisionOf,
  labelOf,
  positiveIndex,
} from '../../stages/serving/index.ts'
import { gatewayErrors } from './errors.ts'
import type { OutputTensor } from './open-inference.ts'

/** What a model answers for one row, as it is logged and encoded. */
export interface RowAnswer {
  readonly output: readonly number[]
  /** Positive-class answer after the threshold; null when not binary. */
  readonly decision: boolean | null
}

/** The rows of a prediction, with the yes or no of a binary model. */
export function readAnswers(batch: PredictionBatch, version: AnsweringVersion): RowAnswer[] {
  const { rows, width } = batch
  const answers: RowAnswer[] = []
  for (let row = 0; row < rows; row++) {
    const output = new Array<number>(width)
    for (let i = 0; i < width; i++) output[i] = batch.output[row * width + i] ?? Number.NaN
    answers.push({ output, decision: decisionOf(output, version) })
  }
  return answers
}

type OutputBuilder = (answers: readonly RowAnswer[], version: AnsweringVersion) => OutputTensor

const BUILDERS: Readonly<Record<string, OutputBuilder>> = {
  probabilities: (answers, { signature }) => ({
    name: 'probabilities',
    datatype: 'FP32',
    shape: [answers.length, signature.classes.length],
    data:
      answers.length === 1 ? (answers[0]?.output ?? []) : answers.flatMap(({ output }) => output),
  }),
  label: (answers, version) => ({
    name: 'label',
    datatype: 'BYTES',
    shape: [answers.length],
    data: answers.map(({ output, decision }) => labelOf(output, decision, version)),
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
  const outputs: OutputTensor[] = []
  for (const name of names) {
    const output = BUILDERS[name]?.(answers, version)
    if (output !== undefined) outputs.push(output)
  }
  return outputs
}

/** The outputs as the model's metadata describes them. */
export function describeOutputs(version: AnsweringVersion) {
  return encodeOutputs([], version, outputNames(version)).map(({ name, datatype, shape }) => ({
    name,
    datatype,
    shape: [-1, ...shape.slice(1)],
  }))
}
