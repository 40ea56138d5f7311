import { columnsOf, type Expression } from './expression.ts'
import { ExpressionFault, type Fault } from './expression-fault.ts'
import { inferType, type KnownColumn, type TakesName } from './infer-type.ts'
import { parseExpression } from './parse-expression.ts'

export type ExpressionReading =
  | {
      readonly kind: 'expression'
      readonly expression: Expression
      /** The columns it refers to, each once: at least one. */
      readonly columns: readonly string[]
    }
  | { readonly kind: 'fault'; readonly fault: Fault }

/**
 * Reads an expression that gives a number or a condition, and holds it against the columns that it
 * may refer to.
 * @param columns those that are known
 * @param takesName whether another name may be a column all the same, of a kind that is not known
 */
export function readExpression(
  text: string,
  columns: readonly KnownColumn[],
  takesName?: TakesName,
): ExpressionReading {
  try {
    const expression = parseExpression(text)
    const type = inferType(expression, columns, takesName)
    const used = columnsOf(expression)
    if (type === 'text') return fault('a number or a condition', 'a text')
    if (used.length === 0) return fault('an input or a feature in it', 'a constant')
    return { kind: 'expression', expression, columns: used }
  } catch (error) {
    if (error instanceof ExpressionFault) return { kind: 'fault', fault: error.fault }
    throw error
  }
}

function fault(expected: string, got: string): ExpressionReading {
  return { kind: 'fault', fault: { at: 0, expected, got } }
}
