/**
 * Notation
 *   categories   the most frequent texts of the reference, by falling frequency, then by code unit
 *   share of a category, of all others, of missing: rows / all rows; together 1
 * A missing text is null or "". Without rows all shares are 0.
 */

export const REFERENCE_CATEGORIES = 30

/** The most frequent texts; equals in order of their code units, so the list is always the same. */
export function frequentCategories(
  values: readonly (string | null)[],
  limit: number = REFERENCE_CATEGORIES,
): string[] {
  const counts = new Map<string, number>()
  for (const value of values) {
    if (value !== null && value !== '') counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([category]) => category)
}

export interface TextShares {
  /** One for each category, of all rows. */
  readonly shares: number[]
  readonly otherShare: number
  readonly missingShare: number
  readonly rows: number
}

/** Shares of texts by the categories of a reference. */
export function textShares(
  values: readonly (string | null)[],
  categories: readonly string[],
): TextShares {
  const places = new Map(categories.map((category, place) => [category, place]))
  const counts = new Array<number>(categories.length).fill(0)
  let other = 0
  let missing = 0
  for (const value of values) {
    const place = value === null ? undefined : places.get(value)
    if (value === null || value === '') missing++
    else if (place === undefined) other++
    else counts[place] = (counts[place] ?? 0) + 1
  }
  const rows = values.length
  const share = (count: number) => (rows === 0 ? 0 : count / rows)
  return {
    shares: counts.map(share),
    otherShare: share(other),
    missingShare: share(missing),
    rows,
  }
}
