import type { FastifyInstance } from 'fastify'
import { serverErrors } from '../errors.ts'

/** Objects and arrays within one another; more serves only to exhaust a parser's stack. */
const MAX_DEPTH = 100

const OPENERS = new Set(['{', '['].map((text) => text.charCodeAt(0)))
const CLOSERS = new Set(['}', ']'].map((text) => text.charCodeAt(0)))
const QUOTE = '"'.charCodeAt(0)
const BACKSLASH = '\\'.charCodeAt(0)

/**
 * Parses JSON bodies: refuses those nested too deeply, and members that would change the prototype
 * of an object. Plain text is no body at all: a page of another site can send it without asking.
 */
export function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body)
    if (isTooDeep(text)) {
      const reason = `its JSON is nested more than ${MAX_DEPTH} levels deep`
      done(serverErrors.REQUEST_INVALID({ reason }))
      return
    }
    // The framework types the parser's outcome by either style, a callback or a promise.
    void parse(request, text, done)
  })
}

function isTooDeep(text: string): boolean {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) index = endOfString(text, index)
    else if (OPENERS.has(code)) {
      depth++
      if (depth > MAX_DEPTH) return true
    } else if (CLOSERS.has(code)) depth--
  }
  return false
}

/** The index of the quote that closes the string begun at `start`; the text's end if none does. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}
