import { quoteIdentifier } from '../../platform/storage/index.ts'
import {
  type AnsweringVersion,
  decisionOf,
  labelOf,
  positiveIndex,
} from '../../stages/serving/index.ts'

/** A column of the output, under a plain name while it travels. */
export interface AnswerColumn {
  readonly name: string
  readonly type: 'VARCHAR' | 'FLOAT' | 'INTEGER' | 'BOOLEAN'
  /** The value of a row from the model's numbers for it. */
  readonly value: (output: Float32Array) => number | string | boolean
}

/** What is answered of each row: the gateway's outputs, one column for each class. */
export function answerColumns(version: AnsweringVersion): AnswerColumn[] {
  const { signature } = version
  const first = (output: Float32Array) => output[0] ?? Number.NaN
  if (signature.problemType === 'regression') {
    return [{ name: 'prediction', type: 'FLOAT', value: first }]
  }
  if (signature.problemType === 'clustering') {
    return [{ name: 'prediction', type: 'INTEGER', value: first }]
  }
  const columns: AnswerColumn[] = [
    {
      name: 'prediction',
      type: 'VARCHAR',
      value: (output) => labelOf(output, decisionOf(output, version), version),
    },
    ...signature.classes.map(
      (label, i): AnswerColumn => ({
        name: `probability_${label}`,
        type: 'FLOAT',
        value: (output) => output[i] ?? Number.NaN,
      }),
    ),
  ]
  if (positiveIndex(version) !== undefined) {
    const value = (output: Float32Array) => decisionOf(output, version) === true
    columns.push({ name: 'decision', type: 'BOOLEAN', value })
  }
  return columns
}

/** Columns of the answers as SQL under their own names, from names that are safe anywhere. */
export function answersSelect(columns: readonly AnswerColumn[]): string {
  return columns.map(({ name }, i) => `a${i} AS ${quoteIdentifier(name)}`).join(', ')
}
