import { MAX_LENGTH } from './expression.ts'
import { ExpressionFault } from './expression-fault.ts'

export interface Token {
  /** `name` is a bare word, `column` a name in double quotes; `end` closes the list. */
  readonly kind: 'number' | 'text' | 'name' | 'column' | 'symbol' | 'end'
  /** Without its quotes. */
  readonly text: string
  readonly at: number
}

/** Sticky: each is tried at one place only. */
const PATTERNS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['name', /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy],
  ['column', /"(?:[^"]|"")+"/y],
  ['text', /'(?:[^']|'')*'/y],
  ['symbol', /<=|>=|<>|!=|==|[-+*/%(),<>=]/y],
]

/**
 * The words of an expression.
 * @throws ExpressionFault
 */
export function tokensOf(text: string): Token[] {
  if (text.length > MAX_LENGTH) {
    const expected = `at most ${MAX_LENGTH} characters`
    throw new ExpressionFault({ at: MAX_LENGTH, expected, got: String(text.length) })
  }
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    if (' \t\r\n'.includes(text[at] ?? '')) {
      at++
      continue
    }
    const token = tokenAt(text, at)
    tokens.push(unquoted(token))
    at += token.text.length
  }
  tokens.push({ kind: 'end', text: 'the end', at: text.length })
  return tokens
}

function tokenAt(text: string, at: number): Token {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) return { kind, text: found, at }
  }
  const first = String.fromCodePoint(text.codePointAt(at) ?? 0)
  const got = first === "'" || first === '"' ? `a ${first} without its end` : JSON.stringify(first)
  const expected = "a number, a column, a 'text', an operator or a function"
  throw new ExpressionFault({ at, expected, got })
}

function unquoted(token: Token): Token {
  const { kind, text, at } = token
  if (kind !== 'text' && kind !== 'column') return token
  const quote = kind === 'text' ? "'" : '"'
  const inner = text.slice(1, -1).replaceAll(quote + quote, quote)
  // Data of a table is Unicode: such a text would equal nothing there, or something else.
  if (!inner.isWellFormed() || inner.includes('\0')) {
    throw new ExpressionFault({ at, expected: 'Unicode text', got: JSON.stringify(inner) })
  }
  return { kind, text: inner, at }
}
