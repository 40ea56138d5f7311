import { readableProjects } from '../caller.ts'
import type { Call } from '../handler.ts'

export interface SearchQuery {
  readonly limit: number
  readonly pageToken?: string | undefined
  readonly filter?: string | undefined
  readonly orderBy?: string | undefined
}

/** What a store's search takes, from a list's query; only what the caller may see. */
export function searchOptions(call: Pick<Call, 'request'>, query: SearchQuery) {
  return {
    filter: query.filter,
    orderBy: query.orderBy?.split(',').map((part) => part.trim()),
    maxResults: query.limit,
    pageToken: query.pageToken,
    projects: readableProjects(call),
  }
}

/** A store's page as the API sends it. */
export function wirePage<T, W>(
  page: { readonly items: readonly T[]; readonly nextPageToken: string | undefined },
  wire: (item: T) => W,
): { items: W[]; nextPageToken?: string } {
  const items = page.items.map(wire)
  return page.nextPageToken === undefined ? { items } : { items, nextPageToken: page.nextPageToken }
}
