import type { FastifyInstance } from 'fastify'

const QUOTE = '"'.charCodeAt(0)
const BACKSLASH = '\\'.charCodeAt(0)
const NOT_A_NUMBER = 'NaN'

/**
 * Lets the routes of a scope take JSON with bare NaN, which Python's clients write for a missing
 * number though JSON has no such word: it is null.
 */
export function addLenientJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.removeContentTypeParser('application/json')
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body)
    // The framework types the parser's outcome by either style, a callback or a promise.
    void parse(request, text.includes(NOT_A_NUMBER) ? nanAsNull(text) : text, done)
  })
}

/** The same JSON with null for every NaN outside of texts. */
export function nanAsNull(text: string): string {
  const parts: string[] = []
  let from = 0
  let at = 0
  while (at < text.length) {
    if (text.charCodeAt(at) === QUOTE) at = endOfText(text, at)
    else if (text.startsWith(NOT_A_NUMBER, at)) {
      parts.push(text.slice(from, at), 'null')
      at += NOT_A_NUMBER.length
      from = at
    } else at++
  }
  return parts.join('') + text.slice(from)
}

/** The place after the quote that ends the text that begins at `start`. */
function endOfText(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  }
  return at + 1
}
