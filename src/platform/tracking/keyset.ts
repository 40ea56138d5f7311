import { type RawBuilder, sql } from 'kysely'
import { trackingErrors as errors } from './errors.ts'
import { type Place, readPageToken, writePageToken } from './page-token.ts'

/** One term that pages are sorted by; it is never NULL, and all terms together are unique. */
export interface SortTerm {
  readonly expression: RawBuilder<unknown>
  readonly type: 'integer' | 'number' | 'text'
  readonly isAscending: boolean
}

/** `ORDER BY` these terms. */
export function orderBy(terms: readonly SortTerm[]): RawBuilder<unknown> {
  return sql.join(
    terms.map(({ expression, isAscending }) =>
      isAscending ? sql`${expression}` : sql`${expression} DESC`,
    ),
  )
}

/** True for rows that come after a place. */
export function isAfter(terms: readonly SortTerm[], place: Place): RawBuilder<boolean> {
  const [term, ...rest] = terms
  const [value, ...values] = place
  if (!term || value === undefined) return sql<boolean>`1 = 0`
  const { expression, isAscending } = term
  const further = isAscending ? sql`${expression} > ${value}` : sql`${expression} < ${value}`
  if (rest.length === 0) return sql<boolean>`${further}`
  const bound = isAscending ? sql`${expression} >= ${value}` : sql`${expression} <= ${value}`
  // The bound says nothing new, but an index can begin there.
  return sql<boolean>`(${bound} AND (${further} OR ${isAfter(rest, values)}))`
}

/** The terms as columns `sort_0`, `sort_1`, …, from which a page's last row gives the next place. */
export function sortColumns(terms: readonly SortTerm[]): RawBuilder<unknown> {
  return sql.join(terms.map(({ expression }, i) => sql`${expression} AS ${sql.ref(`sort_${i}`)}`))
}

/** @throws PAGE_TOKEN_INVALID */
export function placeOf(
  query: unknown,
  token: string | undefined,
  terms: readonly SortTerm[],
): Place | undefined {
  if (!token) return undefined
  const place = readPageToken(query, token, terms.length)
  terms.forEach(({ type }, index) => {
    const value = place[index]
    const fits = {
      integer: Number.isSafeInteger(value),
      number: typeof value === 'number',
      text: typeof value === 'string',
    }
    if (!fits[type]) throw errors.PAGE_TOKEN_INVALID({ reason: 'it is damaged' })
  })
  return place
}

/** A page of rows that were asked for with one more than wanted, and the token of the next page. */
export function pageOf<Row extends object>(
  rows: readonly Row[],
  { query, terms, maxResults }: { query: unknown; terms: readonly SortTerm[]; maxResults: number },
): { readonly rows: readonly Row[]; readonly nextPageToken: string | undefined } {
  const page = rows.slice(0, maxResults)
  const last = rows.length > maxResults ? page.at(-1) : undefined
  if (!last) return { rows: page, nextPageToken: undefined }
  const values = new Map(Object.entries(last))
  const place = terms.map((_, index) => values.get(`sort_${index}`) as string | number)
  return { rows: page, nextPageToken: writePageToken(query, place) }
}

const MOST_RESULTS = 50_000

/** @throws MAX_RESULTS_INVALID */
export function checkMaxResults(maxResults: number): void {
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > MOST_RESULTS)
    throw errors.MAX_RESULTS_INVALID({ got: String(maxResults), limit: MOST_RESULTS })
}
