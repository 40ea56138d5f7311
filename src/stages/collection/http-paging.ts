import type { Source } from '../../core/records/index.ts'
import { errors } from './errors.ts'
import { type HttpRequester, sameOrigin } from './http-page.ts'

import { jsonAt, jsonKind } from './json-path.ts'

type Paging = Extract<Source, { kind: 'http-json' }>['paging']

/** Address of the first page. */
export function firstPage(paging: Paging, url: URL): URL {
  if (paging.by !== 'page') return url
  const page = withParameter(url, paging.parameter, String(paging.first))
  if (paging.sizeParameter === undefined) return page
  return withParameter(page, paging.sizeParameter, String(paging.size))
}

/**
 * Address of the page after this one, or null after the last.
 * @throws SOURCE_RESPONSE_INVALID, SOURCE_ORIGIN_CHANGED
 */
export function nextPage(answer: {
  readonly paging: Paging
  readonly requester: HttpRequester
  readonly address: URL
  readonly body: unknown
  readonly rows: number
}): URL | null {
  const { paging, address, requester } = answer
  switch (paging.by) {
    case 'none':
      return null
    case 'page': {
      if (answer.rows === 0) return null
      const number = Number(address.searchParams.get(paging.parameter)) + 1
      return withParameter(address, paging.parameter, String(number))
    }
    case 'token': {
      const token = linkAt(answer, paging.tokenPath)
      return token === null ? null : withParameter(address, paging.parameter, token)
    }
    case 'next-url': {
      const next = linkAt(answer, paging.urlPath)
      return next === null ? null : sameOrigin(requester, address, next)
    }
  }
}

/** A token or an address in an answer: null, absent or empty on the last page. */
function linkAt(
  answer: { readonly requester: HttpRequester; readonly body: unknown },
  path: string,
): string | null {
  const value = jsonAt(answer.body, path)
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw errors.SOURCE_RESPONSE_INVALID({
    source: answer.requester.source,
    origin: answer.requester.origin,
    path: `$.${path}`,
    expected: 'a text, a number or null',
    got: jsonKind(value),
  })
}

function withParameter(url: URL, parameter: string, value: string): URL {
  const changed = new URL(url)
  changed.searchParams.set(parameter, value)
  return changed
}
