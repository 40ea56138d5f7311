import { compileNumber, faultText, readExpression } from '../../core/expressions/index.ts'
import type { ModelSignature } from '../../core/records/index.ts'
import type { Cell } from './cell.ts'

type SignatureInput = ModelSignature['inputs'][number]

/** Where the cells of an input come from that is not computed. */
export type GivenInput = Pick<SignatureInput, 'name' | 'kind' | 'view'>

/** An input that is computed from others, ready to be asked. */
export interface ComputedInput {
  /** Gives the cells of as many rows. */
  readonly cells: (
    rows: number,
    given: (input: GivenInput) => readonly Cell[],
  ) => readonly (number | null)[]
}

/**
 * Makes an input's expression ready for requests; the same expression made the training column.
 * @throws Error when it cannot be read or does not fit the signature's other inputs
 */
export function computedInput(
  { name, onDemand = '' }: SignatureInput,
  inputs: readonly SignatureInput[],
): ComputedInput {
  const known = inputs.filter((input) => input.onDemand === undefined)
  const reading = readExpression(onDemand, known)
  if (reading.kind === 'fault') {
    throw new Error(
      `the expression of the input "${name}" does not fit: ${faultText(reading.fault)}`,
    )
  }
  const { expression, columns } = reading
  const used = columns.flatMap((column) => known.find((input) => input.name === column) ?? [])
  const numberOf = compileNumber(expression, columns)
  return {
    cells(rows, given) {
      const columnsOfRows = used.map(given)
      const row: Cell[] = used.map(() => null)
      const numbers: (number | null)[] = []
      for (let at = 0; at < rows; at++) {
        for (let place = 0; place < row.length; place++) {
          row[place] = columnsOfRows[place]?.[at] ?? null
        }
        numbers.push(numberOf(row))
      }
      return numbers
    },
  }
}
