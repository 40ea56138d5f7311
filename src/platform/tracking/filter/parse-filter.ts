import { didYouMean } from '../../../core/errors/index.ts'
import { COMPARATORS, type Comparator, type Comparison } from './comparison.ts'
import type { FilterGrammar } from './filter-grammar.ts'
import { type Identifier, TokenCursor } from './token-cursor.ts'
import type { Token } from './tokenize.ts'

/** SQLite takes patterns of at most 50,000 bytes, and escaping makes them longer. */
const LONGEST_PATTERN = 10_000
const MOST_COMPARISONS = 50

/**
 * Reads a filter in MLflow's grammar: comparisons joined by AND. Nothing at all is no condition.
 * @throws FILTER_INVALID with the place of the fault and what was probably meant
 */
export function parseFilter(text: string, grammar: FilterGrammar): readonly Comparison[] {
  const cursor = new TokenCursor(text)
  const comparisons: Comparison[] = []
  while (cursor.peek()) {
    if (comparisons.length > 0) takeAnd(cursor)
    if (comparisons.length >= MOST_COMPARISONS)
      throw cursor.fault(
        cursor.peek(),
        'too many comparisons',
        `Ask with at most ${MOST_COMPARISONS}.`,
      )
    comparisons.push(comparison(cursor, grammar))
  }
  return comparisons
}

function takeAnd(cursor: TokenCursor): void {
  const token = cursor.peek()
  if (cursor.takeWord('AND')) return
  const reason = `AND or the end is expected, not "${token?.text ?? ''}"`
  const hint =
    token?.text.toUpperCase() === 'OR'
      ? 'There is no OR: search twice, or use IN with a list where the attribute takes one.'
      : 'Join comparisons with AND; put values between single quotes.'
  throw cursor.fault(token, reason, hint)
}

function comparison(cursor: TokenCursor, grammar: FilterGrammar): Comparison {
  const identifier = cursor.identifier(grammar)
  const at = cursor.peek()
  const comparator = readComparator(cursor)
  checkComparator(cursor, { identifier, comparator, at, grammar })
  const { kind, key } = identifier
  return { kind, key, comparator, value: readValue(cursor, identifier, comparator) }
}

function readComparator(cursor: TokenCursor): Comparator {
  const token = cursor.next()
  if (token?.kind === 'comparator') {
    const symbol = COMPARATORS.find((known) => known === token.text)
    if (symbol) return symbol
    const meant = token.text === '==' ? '=' : '!='
    throw cursor.fault(token, `there is no comparator ${token.text}`, `Did you mean ${meant}?`)
  }
  const word = token?.kind === 'word' ? readWords(cursor, token.text.toUpperCase()) : undefined
  if (word) return word
  const got = token ? `"${token.text}"` : 'the end'
  const hint = `${didYouMean(token?.text ?? '', COMPARATORS)} Comparators are: ${COMPARATORS.join(', ')}. Put a name with spaces or dashes between backticks.`
  throw cursor.fault(token, `a comparator is expected, not ${got}`, hint.trim())
}

function readWords(cursor: TokenCursor, word: string): Comparator | undefined {
  if (word === 'LIKE' || word === 'ILIKE' || word === 'IN') return word
  if (word === 'NOT') return cursor.takeWord('IN') ? 'NOT IN' : undefined
  if (word !== 'IS') return undefined
  const isNegated = cursor.takeWord('NOT')
  if (!cursor.takeWord('NULL')) return undefined
  return isNegated ? 'IS NOT NULL' : 'IS NULL'
}

function checkComparator(
  cursor: TokenCursor,
  found: {
    readonly identifier: Identifier
    readonly comparator: Comparator
    readonly at: Token | undefined
    readonly grammar: FilterGrammar
  },
): void {
  const { identifier, comparator, at, grammar } = found
  const { kind, key, attribute } = identifier
  const valid = attribute?.comparators ?? grammar.entries[kind] ?? []
  if (valid.includes(comparator)) return
  const reason = `invalid comparator ${comparator} for ${kind} "${key}"`
  throw cursor.fault(at, reason, `Use one of: ${valid.join(', ')}.`)
}

function readValue(
  cursor: TokenCursor,
  { kind, attribute }: Identifier,
  comparator: Comparator,
): Comparison['value'] {
  if (comparator === 'IS NULL' || comparator === 'IS NOT NULL') return null
  if (comparator === 'IN' || comparator === 'NOT IN') return readList(cursor)
  if (kind === 'metric' || attribute?.type === 'number')
    return readNumber(cursor, kind === 'metric' && (comparator === '=' || comparator === '!='))
  return readText(cursor, comparator === 'LIKE' || comparator === 'ILIKE')
}

function readNumber(cursor: TokenCursor, takesNaN: boolean): number {
  if (takesNaN && cursor.takeWord('NAN')) return Number.NaN
  const token = cursor.next()
  if (token?.kind === 'number') return Number(token.text)
  const got = token ? `"${token.text}"` : 'the end'
  throw cursor.fault(token, `a number is expected, not ${got}`, 'Write the number without quotes.')
}

function readText(cursor: TokenCursor, isPattern: boolean): string {
  const token = cursor.next()
  if (token?.kind !== 'quoted' || token.quote === '`') {
    const got = token ? `"${token.text}"` : 'the end'
    throw cursor.fault(token, `a quoted text is expected, not ${got}`, "Write it as 'text'.")
  }
  if (isPattern && token.text.length > LONGEST_PATTERN)
    throw cursor.fault(
      token,
      'the pattern is too long',
      `Use at most ${LONGEST_PATTERN} characters.`,
    )
  return token.text
}

function readList(cursor: TokenCursor): readonly string[] {
  if (!cursor.takePunctuation('('))
    throw cursor.fault(cursor.peek(), 'a list is expected', "Write it as ('a', 'b').")
  const values = [readText(cursor, false)]
  while (cursor.takePunctuation(',')) {
    if (cursor.peek()?.text === ')') break
    values.push(readText(cursor, false))
  }
  if (!cursor.takePunctuation(')'))
    throw cursor.fault(cursor.peek(), 'the list is never closed', "Write it as ('a', 'b').")
  return values
}
