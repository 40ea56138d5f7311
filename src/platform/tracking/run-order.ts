import { type RawBuilder, sql } from 'kysely'
import type { OrderTerm } from './filter/comparison.ts'
import type { SortTerm } from './keyset.ts'
import { attributeColumn, entryTable, isKeyed } from './run-conditions.ts'

/** Texts are ordered by their first 250 characters: a page token must not grow with the values. */
const ORDERED_CHARACTERS = 250

/** An ordering of runs. */
export interface RunOrder {
  readonly terms: readonly SortTerm[]
  /** Joins that the terms need; the entry of term `i` is called `o<i>`. */
  readonly joins: RawBuilder<unknown>
  /** Number of the metric's key when the first term is a metric. */
  readonly metric: number | undefined
  /** The same ordering where `o0` is joined already and has a row for every run. */
  readonly led: Pick<RunOrder, 'terms' | 'joins'>
}

export interface NumberedTerm extends OrderTerm {
  /** Of the key; 0, which no key has, when nothing was ever logged under it. */
  readonly number: number
}

/**
 * Runs that have no such value come last whichever way the order goes; runs whose metric is NaN come
 * before those. Ties go to the newest run, then to the smallest id.
 */
export function runOrder(order: readonly NumberedTerm[]): RunOrder {
  const terms = order.flatMap(sortTerms)
  const isTimed = order.some(({ kind, key }) => kind === 'attribute' && key === 'start_time')
  const start = {
    expression: sql.ref('runs.started_at_ms'),
    type: 'integer',
    isAscending: false,
  } as const
  const all = [
    ...terms,
    ...(isTimed ? [] : [start]),
    { expression: sql.ref('runs.id'), type: 'text', isAscending: true } as const,
  ]
  const joins = order.map(joinOf)
  const [first] = order
  const metric = first?.kind === 'metric' ? first.number : undefined
  const text = sql.join([sql``, ...joins], sql` `)
  return {
    terms: all,
    joins: text,
    metric,
    led: {
      terms: [
        { expression: sql.ref('o0.is_nan'), type: 'integer', isAscending: true },
        {
          expression: sql.ref('o0.value'),
          type: 'number',
          isAscending: first?.isAscending ?? true,
        },
        ...all.slice(2),
      ],
      joins: sql.join([sql``, ...joins.slice(1)], sql` `),
    },
  }
}

function joinOf({ kind, number }: NumberedTerm, index: number): RawBuilder<unknown> {
  if (!isKeyed(kind)) return sql``
  const alias = sql.ref(`o${index}`)
  return sql`LEFT JOIN ${entryTable(kind)} ${alias}
    ON ${alias}.run = runs.number AND ${alias}.key = ${number}`
}

function sortTerms({ kind, key, isAscending }: NumberedTerm, index: number): readonly SortTerm[] {
  if (kind === 'attribute') return attributeTerms(key, isAscending)
  const column = (name: string) => sql.ref(`o${index}.${name}`)
  const isMissing = sql`${column('run')} IS NULL`
  if (kind === 'metric') {
    const rank = sql`CASE WHEN ${isMissing} THEN 2 ELSE ${column('is_nan')} END`
    const value = sql`COALESCE(${column('value')}, 0)`
    return [ranked(rank), { expression: value, type: 'number', isAscending }]
  }
  const text = sql`COALESCE(substr(${column('value')}, 1, ${sql.lit(ORDERED_CHARACTERS)}), '')`
  return [
    ranked(sql`CASE WHEN ${isMissing} THEN 1 ELSE 0 END`),
    { expression: text, type: 'text', isAscending },
  ]
}

function attributeTerms(key: string, isAscending: boolean): readonly SortTerm[] {
  const { column, isTime } = attributeColumn(key)
  const value = sql.ref(column)
  if (!isTime) {
    const text = sql`substr(${value}, 1, ${sql.lit(ORDERED_CHARACTERS)})`
    const isShort = key === 'run_id'
    return [{ expression: isShort ? value : text, type: 'text', isAscending }]
  }
  if (key === 'start_time') return [{ expression: value, type: 'integer', isAscending }]
  return [
    ranked(sql`CASE WHEN ${value} IS NULL THEN 1 ELSE 0 END`),
    { expression: sql`COALESCE(${value}, 0)`, type: 'integer', isAscending },
  ]
}

function ranked(expression: RawBuilder<unknown>): SortTerm {
  return { expression, type: 'integer', isAscending: true }
}
