import type { MirrorEntry } from '../../core/records/index.ts'
import type { RowAnswer } from './encode-response.ts'

type Comparison = Pick<MirrorEntry, 'difference' | 'changed'>

/**
 * Row by row, how far a shadow's answers lie from those that were given: the mean absolute
 * difference of the numbers, and whether the decision (or the likeliest class) is another.
 * @throws Error when the answers have other shapes or are no finite numbers
 */
export function compareAnswers(
  given: readonly RowAnswer[],
  shadow: readonly RowAnswer[],
): Comparison[] {
  if (given.length !== shadow.length) {
    throw new Error(`it answered ${shadow.length} rows instead of ${given.length}`)
  }
  return given.map((answer, row) => compareRow(answer, shadow[row] ?? answer))
}

function compareRow(given: RowAnswer, shadow: RowAnswer): Comparison {
  const width = given.output.length
  if (shadow.output.length !== width) {
    throw new Error(`it answered ${shadow.output.length} numbers a row instead of ${width}`)
  }
  if (!shadow.output.every(Number.isFinite)) throw new Error('it answered no finite numbers')
  const sum = given.output.reduce((total, x, i) => total + Math.abs(x - (shadow.output[i] ?? x)), 0)
  return { difference: width === 0 ? 0 : sum / width, changed: isChanged(given, shadow) }
}

function isChanged(given: RowAnswer, shadow: RowAnswer): boolean | null {
  if (given.decision !== null && shadow.decision !== null) {
    return given.decision !== shadow.decision
  }
  if (given.output.length < 2) return null
  return likeliest(given.output) !== likeliest(shadow.output)
}

function likeliest(output: readonly number[]): number {
  return output.indexOf(Math.max(...output))
}
