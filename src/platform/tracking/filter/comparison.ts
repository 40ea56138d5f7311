/** What a comparison may look at. */
export type EntryKind = 'metric' | 'parameter' | 'tag' | 'attribute' | 'dataset'

export const COMPARATORS = [
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'LIKE',
  'ILIKE',
  'IN',
  'NOT IN',
  'IS NULL',
  'IS NOT NULL',
] as const
export type Comparator = (typeof COMPARATORS)[number]

/** One condition; a filter is a list of them, all of which must hold. */
export interface Comparison {
  readonly kind: EntryKind
  /** The key of a metric, parameter or tag; the field of an attribute, its aliases resolved. */
  readonly key: string
  readonly comparator: Comparator
  /** A number for metrics and number attributes (NaN with `=` and `!=` only), texts for `IN`. */
  readonly value: number | string | readonly string[] | null
}

/** One term of an ordering. */
export interface OrderTerm {
  readonly kind: EntryKind
  readonly key: string
  readonly isAscending: boolean
}
