import type { ModelVersion } from '../../core/records/index.ts'
import { quoteIdentifier } from '../../platform/storage/index.ts'

type AnsweringVersion = Pick<ModelVersion, 'signature' | 'threshold'>

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
  const decide = decisionOf(version)
  const columns: AnswerColumn[] = [
    { name: 'prediction', type: 'VARCHAR', value: (output) => labelOf(output, version, decide) },
    ...signature.classes.map(
      (label, i): AnswerColumn => ({
        name: `probability_${label}`,
        type: 'FLOAT',
        value: (output) => output[i] ?? Number.NaN,
      }),
    ),
  ]
  if (decide !== undefined) columns.push({ name: 'decision', type: 'BOOLEAN', value: decide })
  return columns
}

/** Yes or no by the threshold; undefined for a model that has none. */
function decisionOf({ signature, threshold }: AnsweringVersion) {
  const { positiveClass, classes } = signature
  const positive = positiveClass === null ? -1 : classes.indexOf(positiveClass)
  if (positive < 0 || threshold === null) return undefined
  return (output: Float32Array) => (output[positive] ?? Number.NaN) >= threshold
}

/** The decided class: by the threshold where there is one, else the most probable. */
function labelOf(
  output: Float32Array,
  { signature }: AnsweringVersion,
  decide: ((output: Float32Array) => boolean) | undefined,
): string {
  const { classes, positiveClass } = signature
  if (decide !== undefined && positiveClass !== null) {
    return decide(output) ? positiveClass : (classes.find((label) => label !== positiveClass) ?? '')
  }
  return classes[output.indexOf(Math.max(...output))] ?? ''
}

/** Columns of the answers as SQL under their own names, from names that are safe anywhere. */
export function answersSelect(columns: readonly AnswerColumn[]): string {
  return columns.map(({ name }, i) => `a${i} AS ${quoteIdentifier(name)}`).join(', ')
}
