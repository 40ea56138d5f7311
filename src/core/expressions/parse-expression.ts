import { closestName } from '../errors/index.ts'
import { type Expression, MAX_DEPTH } from './expression.ts'
import { ExpressionFault } from './expression-fault.ts'
import { FUNCTIONS, OPERATORS, type Operation } from './operations.ts'
import { type Token, tokensOf } from './tokens.ts'

/** How strongly an operator binds; of equal ones the left goes first. */
const STRENGTH: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  '=': 4,
  '<>': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
}
const NOT = 3
const COMPARISON = 4
const NEGATE = 7

const SPELLINGS: Readonly<Record<string, string>> = { '==': '=', '!=': '<>' }
const WORDS = ['and', 'or', 'not']

/** Where the reader stands among the tokens. */
interface Reader {
  readonly tokens: readonly Token[]
  next: number
}

/**
 * Reads an expression by the strength of its operators (V. Pratt, "Top down operator precedence",
 * 1973). Nothing is looked up: whether columns exist and types fit is said by `inferType`.
 * @throws ExpressionFault
 */
export function parseExpression(text: string): Expression {
  const reader: Reader = { tokens: tokensOf(text), next: 0 }
  const expression = readExpression(reader, 0)
  const rest = peek(reader)
  if (rest.kind !== 'end') throw faultAt(rest, 'an operator or the end')
  if (depthOf(expression) > MAX_DEPTH) {
    const expected = `at most ${MAX_DEPTH} operations inside one another`
    throw new ExpressionFault({ at: 0, expected, got: 'more' })
  }
  return expression
}

function readExpression(reader: Reader, weakest: number): Expression {
  let left = readPrefix(reader)
  for (;;) {
    const token = peek(reader)
    const operation = operatorOf(token)
    const strength = operation === undefined ? undefined : STRENGTH[operation]
    if (operation === undefined || strength === undefined || strength <= weakest) return left
    reader.next++
    const right = readExpression(reader, strength)
    left = { kind: 'call', operation, parts: [left, right], at: token.at }
    const after = peek(reader)
    if (strength === COMPARISON && STRENGTH[operatorOf(after) ?? ''] === COMPARISON) {
      throw faultAt(after, '"and" between two comparisons')
    }
  }
}

function readPrefix(reader: Reader): Expression {
  const token = take(reader)
  const { kind, text, at } = token
  if (kind === 'number') return { kind, value: numberOf(token), at }
  if (kind === 'text') return { kind, value: text, at }
  if (kind === 'column') return { kind, name: text, at }
  if (kind === 'symbol' && text === '(') {
    const inner = readExpression(reader, 0)
    expectSymbol(reader, ')')
    return inner
  }
  if (kind === 'symbol' && text === '-') {
    return { kind: 'call', operation: 'negate', parts: [readExpression(reader, NEGATE)], at }
  }
  if (kind === 'name') return readName(reader, token)
  throw faultAt(token, 'a value')
}

function readName(reader: Reader, token: Token): Expression {
  const { text, at } = token
  const word = text.toLowerCase()
  if (word === 'not') {
    return { kind: 'call', operation: 'not', parts: [readExpression(reader, NOT)], at }
  }
  if (WORDS.includes(word)) throw faultAt(token, 'a value')
  const { kind, text: after } = peek(reader)
  if (kind !== 'symbol' || after !== '(') return { kind: 'column', name: text, at }
  const operation = Object.hasOwn(FUNCTIONS, word) ? FUNCTIONS[word] : undefined
  if (operation === undefined) {
    const known = Object.keys(FUNCTIONS)
    const expected = `one of the functions ${known.join(', ')}`
    const didYouMean = closestName(text, known)
    throw new ExpressionFault({ at, expected, got: `${text}()`, didYouMean })
  }
  const parts = readParts(reader)
  requireCount(token, operation, parts.length)
  return { kind: 'call', operation: word, parts, at }
}

function readParts(reader: Reader): Expression[] {
  expectSymbol(reader, '(')
  const parts = [readExpression(reader, 0)]
  while (peek(reader).kind === 'symbol' && peek(reader).text === ',') {
    reader.next++
    parts.push(readExpression(reader, 0))
  }
  expectSymbol(reader, ')')
  return parts
}

function requireCount({ text, at }: Token, operation: Operation, count: number): void {
  const [fewest, most] = operation.parts
  if (count >= fewest && count <= most) return
  const wanted = fewest === most ? `${fewest}` : `${fewest} to ${most}`
  const expected = `${wanted} value${wanted === '1' ? '' : 's'} for ${text}()`
  throw new ExpressionFault({ at, expected, got: String(count) })
}

function numberOf(token: Token): number {
  const value = Number(token.text)
  if (Number.isFinite(value)) return value
  throw faultAt(token, 'a number of at most 1.8e308')
}

/** The operation of a token that stands between two values. */
function operatorOf({ kind, text }: Token): string | undefined {
  if (kind !== 'symbol' && kind !== 'name') return undefined
  const name = SPELLINGS[text] ?? text.toLowerCase()
  return Object.hasOwn(OPERATORS, name) ? name : undefined
}

function expectSymbol(reader: Reader, symbol: string): void {
  const token = take(reader)
  if (token.kind !== 'symbol' || token.text !== symbol) throw faultAt(token, `"${symbol}"`)
}

function peek({ tokens, next }: Reader): Token {
  return tokens[Math.min(next, tokens.length - 1)] ?? { kind: 'end', text: 'the end', at: 0 }
}

function take(reader: Reader): Token {
  const token = peek(reader)
  reader.next++
  return token
}

function faultAt({ kind, text, at }: Token, expected: string): ExpressionFault {
  const got = kind === 'end' ? text : JSON.stringify(text)
  return new ExpressionFault({ at, expected, got })
}

function depthOf(expression: Expression): number {
  if (expression.kind !== 'call') return 0
  return 1 + Math.max(...expression.parts.map(depthOf))
}
