import { closestName } from '../errors/index.ts'
import type { Expression, ValueType } from './expression.ts'
import { ExpressionFault } from './expression-fault.ts'
import { type Operation, operationOf } from './operations.ts'

/** A column that an expression may refer to. */
export interface KnownColumn {
  readonly name: string
  /** Undefined when it is not known yet: it then fits everywhere. */
  readonly kind: 'number' | 'text' | undefined
}

/** What a name that no column has may still be: `true` takes it for a column of unknown kind. */
export type TakesName = (name: string) => boolean

type Found = ValueType | undefined

/**
 * The type that an expression gives; undefined when only the columns' kinds can tell.
 * @throws ExpressionFault for a column that is not known, and for a value of the wrong type
 */
export function inferType(
  expression: Expression,
  columns: readonly KnownColumn[],
  takesName: TakesName = () => false,
): Found {
  if (expression.kind === 'number' || expression.kind === 'text') return expression.kind
  if (expression.kind === 'column') return columnType(expression, columns, takesName)
  const operation = operationOf(expression.operation)
  if (operation === undefined) {
    const { at, operation: got } = expression
    throw new ExpressionFault({ at, expected: 'an operation', got })
  }
  const types = expression.parts.map((part) => inferType(part, columns, takesName))
  return resultOf(operation, expression.parts, types)
}

function columnType(
  { name, at }: Extract<Expression, { kind: 'column' }>,
  columns: readonly KnownColumn[],
  takesName: TakesName,
): Found {
  const column = columns.find((known) => known.name === name)
  if (column !== undefined) return column.kind
  if (takesName(name)) return undefined
  const known = columns.map((one) => one.name)
  throw new ExpressionFault({
    at,
    expected: `an input or a feature of the dataset: ${known.join(', ') || 'there is none'}`,
    got: `"${name}"`,
    column: name,
    didYouMean: closestName(name, known),
  })
}

function resultOf(
  { takes, gives }: Operation,
  parts: readonly Expression[],
  types: readonly Found[],
): Found {
  const given = parts.map((part, i): Given => ({ part, type: types[i] }))
  const [leading, ...others] = given
  const isLed = takes === 'choice-by-condition'
  if (takes === 'numbers') for (const one of given) requireType(one, ['number'])
  if (takes === 'conditions') for (const one of given) requireType(one, ['condition'])
  if (takes === 'alike') requireAlike(given, ['number', 'text'])
  if (isLed && leading !== undefined) requireType(leading, ['condition'])
  const chosen =
    isLed || takes === 'choice'
      ? requireAlike(isLed ? others : given, ['number', 'text', 'condition'])
      : undefined
  return gives === 'same' ? chosen : gives
}

interface Given {
  readonly part: Expression
  readonly type: Found
}

/** The one type of them all; undefined when none is known. */
function requireAlike(given: readonly Given[], allowed: readonly ValueType[]): Found {
  for (const one of given) requireType(one, allowed)
  const first = given.find(({ type }) => type !== undefined)?.type
  if (first !== undefined) for (const one of given) requireType(one, [first])
  return first
}

const CALLED: Readonly<Record<ValueType, string>> = {
  number: 'a number',
  text: 'a text',
  condition: 'a condition such as "x > 0"',
}

function requireType({ part, type }: Given, allowed: readonly ValueType[]): void {
  if (type === undefined || allowed.includes(type)) return
  const expected = allowed.map((one) => CALLED[one]).join(' or ')
  const name = part.kind === 'column' ? ` ("${part.name}")` : ''
  const got = type === 'condition' ? 'a condition; if(…, 1, 0) makes it a number' : CALLED[type]
  throw new ExpressionFault({ at: part.at, expected, got: `${got}${name}` })
}
