import { isPlatformError } from '../../../core/errors/index.ts'
import { excerpt } from '../entry-limits.ts'
import { trackingErrors as errors } from '../errors.ts'
import type { OrderTerm } from './comparison.ts'
import type { FilterGrammar } from './filter-grammar.ts'
import { TokenCursor } from './token-cursor.ts'

const MOST_TERMS = 10

/**
 * Reads an ordering such as `metrics.rmse DESC`; ascending unless it says otherwise.
 * @throws ORDER_INVALID
 */
export function parseOrder(texts: readonly string[], grammar: FilterGrammar): readonly OrderTerm[] {
  const terms = texts.map((text) => parseTerm(text, grammar))
  const seen = new Set<string>()
  terms.forEach(({ kind, key }, index) => {
    const place = JSON.stringify([kind, key])
    if (seen.has(place) || index >= MOST_TERMS)
      throw errors.ORDER_INVALID({
        text: excerpt(texts[index] ?? ''),
        reason: seen.has(place) ? '`order_by` contains duplicate fields' : 'too many terms',
        hint: `Name each field once, at most ${MOST_TERMS} of them.`,
      })
    seen.add(place)
  })
  return terms
}

function parseTerm(text: string, grammar: FilterGrammar): OrderTerm {
  const fault = (reason: string, hint: string) =>
    errors.ORDER_INVALID({ text: excerpt(text), reason, hint })
  try {
    const cursor = new TokenCursor(text)
    const { kind, key, attribute } = cursor.identifier(grammar)
    const isOrdering = attribute ? attribute.isOrdering : grammar.orderedKinds.includes(kind)
    if (!isOrdering)
      throw fault(`${grammar.subject} cannot be ordered by ${kind} "${key}"`, names(grammar))
    const isDescending = cursor.takeWord('DESC')
    if (!isDescending) cursor.takeWord('ASC')
    const rest = cursor.peek()
    if (rest)
      throw cursor.fault(
        rest,
        `ASC, DESC or the end is expected, not "${rest.text}"`,
        names(grammar),
      )
    return { kind, key, isAscending: !isDescending }
  } catch (error) {
    if (!isPlatformError(error, 'FILTER_INVALID')) throw error
    throw fault(String(error.details.reason), error.hint)
  }
}

function names({ attributes, orderedKinds }: FilterGrammar): string {
  const fields = Object.keys(attributes).filter((name) => attributes[name]?.isOrdering)
  const kinds = orderedKinds.map((kind) => `${kind}s.<key>`)
  return `Write a field and ASC or DESC; fields are: ${[...fields, ...kinds].join(', ')}.`
}
