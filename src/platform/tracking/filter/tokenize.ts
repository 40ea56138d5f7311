import { trackingErrors as errors } from '../errors.ts'

export type TokenKind = 'word' | 'quoted' | 'number' | 'comparator' | 'punctuation'

export interface Token {
  readonly kind: TokenKind
  /** As written; without its quotes when quoted. */
  readonly text: string
  /** The quote around it: `'`, `"` or a backtick; empty when there is none. */
  readonly quote: string
  /** Of its first character, from 0. */
  readonly position: number
  /** True when nothing stands between it and the token before it. */
  readonly isAttached: boolean
}

const LONGEST_FILTER = 100_000
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\p{L}\p{N}_])/u
const WORD = /^[\p{L}\p{N}\p{M}_]+/u
const COMPARATOR = /^(?:<=|>=|!=|<>|==|=|<|>)/
const SPACE = /^\s+/

/** @throws FILTER_INVALID with the place of the first character that fits nothing */
export function tokenize(text: string): Token[] {
  const fail = (position: number, reason: string, hint: string) =>
    errors.FILTER_INVALID({ text: excerptAt(text, position), position, reason, hint })
  if (text.length > LONGEST_FILTER)
    throw fail(LONGEST_FILTER, 'the filter is too long', 'Ask with fewer conditions.')
  const nul = text.indexOf('\0')
  if (nul >= 0) throw fail(nul, 'a NUL character', 'Remove it; no stored value has one.')
  const tokens: Token[] = []
  let position = 0
  let isAttached = false
  while (position < text.length) {
    const space = SPACE.exec(text.slice(position, position + 1_000))
    if (space) {
      position += space[0].length
      isAttached = false
      continue
    }
    const token = tokenAt(text, position, tokens.at(-1))
    if (!token) {
      const quote = text[position] ?? ''
      if (`'"\``.includes(quote))
        throw fail(position, `the quote ${quote} is never closed`, `Close it with ${quote}.`)
      const hint = 'Put names with such characters between backticks, values between single quotes.'
      throw fail(position, `"${quote}" fits nothing here`, hint)
    }
    tokens.push({ ...token, position, isAttached })
    position += token.length
    isAttached = true
  }
  return tokens
}

interface Found extends Pick<Token, 'kind' | 'text' | 'quote'> {
  readonly length: number
}

function tokenAt(text: string, position: number, before: Token | undefined): Found | undefined {
  const quote = text[position] ?? ''
  if (`'"\``.includes(quote)) return quotedAt(text, position, quote)
  if ('().,'.includes(quote) && !numberMayStart(text, position, before))
    return { kind: 'punctuation', text: quote, quote: '', length: 1 }
  const rest = text.slice(position, position + 1_000)
  const afterDot = before?.text === '.' && before.kind === 'punctuation'
  const patterns = afterDot
    ? ([['word', WORD]] as const)
    : ([
        ['number', NUMBER],
        ['word', WORD],
        ['comparator', COMPARATOR],
      ] as const)
  for (const [kind, pattern] of patterns) {
    const match = pattern.exec(rest)?.[0]
    if (match !== undefined) return { kind, text: match, quote: '', length: match.length }
  }
  return undefined
}

/** A dot begins a number only where a value is expected: after a comparator. */
function numberMayStart(text: string, position: number, before: Token | undefined): boolean {
  return text[position] === '.' && before?.kind === 'comparator'
}

/** A quote written twice stands for itself. */
function quotedAt(text: string, position: number, quote: string): Found | undefined {
  let end = position + 1
  for (;;) {
    end = text.indexOf(quote, end)
    if (end < 0) return undefined
    if (text[end + 1] !== quote) break
    end += 2
  }
  const inner = text.slice(position + 1, end).replaceAll(quote + quote, quote)
  return { kind: 'quoted', text: inner, quote, length: end + 1 - position }
}

/** Some 40 characters around a place, for messages. */
export function excerptAt(text: string, position: number): string {
  const start = Math.max(0, position - 20)
  const end = Math.min(text.length, position + 20)
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}
