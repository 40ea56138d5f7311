import { didYouMean, type PlatformError } from '../../../core/errors/index.ts'
import { trackingErrors as errors } from '../errors.ts'
import type { EntryKind } from './comparison.ts'
import { type AttributeGrammar, DATASET_ATTRIBUTES, type FilterGrammar } from './filter-grammar.ts'
import { excerptAt, type Token, tokenize } from './tokenize.ts'

/** What stands left of a comparator, or in an ordering. */
export interface Identifier {
  readonly kind: EntryKind
  /** A free key, or the field of an attribute. */
  readonly key: string
  /** Undefined for free keys. */
  readonly attribute: AttributeGrammar | undefined
  readonly position: number
}

/** Reads tokens one after the other. */
export class TokenCursor {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #index = 0

  /** @throws FILTER_INVALID */
  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#index + ahead]
  }

  next(): Token | undefined {
    return this.#tokens[this.#index++]
  }

  /** Takes the next token if it is this word, whatever its case. */
  takeWord(word: string): boolean {
    const token = this.peek()
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false
    this.#index++
    return true
  }

  takePunctuation(mark: string): boolean {
    const token = this.peek()
    if (token?.kind !== 'punctuation' || token.text !== mark) return false
    this.#index++
    return true
  }

  /** A fault at a token, or at the end of the text. */
  fault(
    at: { readonly position: number } | undefined,
    reason: string,
    hint: string,
  ): PlatformError {
    const position = at?.position ?? this.#text.length
    return errors.FILTER_INVALID({ text: excerptAt(this.#text, position), position, reason, hint })
  }

  /** Such as `metrics.rmse`, `tags."a b"`, `start_time`. @throws FILTER_INVALID */
  identifier(grammar: FilterGrammar): Identifier {
    const first = this.next()
    if (!first || (first.kind !== 'word' && first.kind !== 'quoted') || first.quote === "'") {
      const got = first ? `"${first.text}"` : 'the end'
      throw this.fault(first, `a name is expected, not ${got}`, example(grammar))
    }
    if (!this.#takeAttachedDot()) return this.#attribute(first, first.text, grammar)
    const kind = this.#kind(first, grammar)
    const key = this.#key(grammar)
    if (kind === 'attribute') return this.#attribute(first, key, grammar)
    if (kind !== 'dataset') return { kind, key, attribute: undefined, position: first.position }
    const attribute = own(DATASET_ATTRIBUTES, key)
    if (!attribute)
      throw this.#unknown(first, `dataset key "${key}"`, { got: key, known: DATASET_ATTRIBUTES })
    return { kind, key, attribute, position: first.position }
  }

  #kind(first: Token, { prefixes }: FilterGrammar): EntryKind {
    const kind = own(prefixes, first.text)
    if (!kind)
      throw this.#unknown(first, `entity type "${first.text}"`, {
        got: first.text,
        known: prefixes,
      })
    return kind
  }

  #attribute(first: Token, key: string, grammar: FilterGrammar): Identifier {
    const { attributes, subject } = grammar
    const attribute = own(attributes, key)
    if (!attribute)
      throw this.#unknown(first, `attribute key "${key}" of ${subject}`, {
        got: key,
        known: attributes,
      })
    return { kind: 'attribute', key: attribute.field, attribute, position: first.position }
  }

  /** What follows the dot: one quoted name, or words with dots between them. */
  #key(grammar: FilterGrammar): string {
    const first = this.next()
    if (first?.kind === 'quoted') return first.text
    if (first?.kind !== 'word')
      throw this.fault(first, 'a key is expected after the dot', example(grammar))
    let key = first.text
    while (this.#takeAttachedDot()) {
      const more = this.next()
      if (more?.kind !== 'word')
        throw this.fault(more, 'a key cannot end with a dot', example(grammar))
      key += `.${more.text}`
    }
    return key
  }

  #takeAttachedDot(): boolean {
    const token = this.peek()
    return token?.isAttached === true && this.takePunctuation('.')
  }

  #unknown(
    at: Token,
    what: string,
    { got, known }: { readonly got: string; readonly known: Readonly<Record<string, unknown>> },
  ): PlatformError {
    const names = Object.keys(known)
    const hint = `${didYouMean(got, names)} Valid are: ${names.join(', ')}.`.trim()
    return this.fault(at, `invalid ${what}`, hint)
  }
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function example({ prefixes }: FilterGrammar): string {
  return prefixes.metrics
    ? `Write, for example: metrics.loss < 0.5 AND params."learning rate" = '0.1'.`
    : `Write, for example: name LIKE 'churn%' AND tags."team name" = 'risk'.`
}
