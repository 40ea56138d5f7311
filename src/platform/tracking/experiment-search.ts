import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../database/index.ts'
import { excerpt } from './entry-limits.ts'
import { trackingErrors as errors } from './errors.ts'
import type { Experiment } from './experiment.ts'
import { type ExperimentRow, type ExperimentStore, experimentNumber } from './experiment-store.ts'
import type { Comparison, OrderTerm } from './filter/comparison.ts'
import { EXPERIMENT_GRAMMAR } from './filter/filter-grammar.ts'
import { parseFilter } from './filter/parse-filter.ts'
import { parseOrder } from './filter/parse-order.ts'
import {
  checkMaxResults,
  isAfter,
  orderBy,
  pageOf,
  placeOf,
  type SortTerm,
  sortColumns,
} from './keyset.ts'
import { type Condition, numberCondition, textCondition } from './search-conditions.ts'
import { among } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'
import type { Page, SearchOptions, View } from './tracking-store.ts'

const COLUMNS: Readonly<Record<string, string>> = {
  name: 'e.name',
  experiment_id: 'e.number',
  creation_time: 'e.created_at_ms',
  last_update_time: 'e.updated_at_ms',
}

/** Newest first unless asked otherwise. */
export async function searchExperiments(
  { database }: TrackingContext,
  experiments: ExperimentStore,
  options: SearchOptions,
): Promise<Page<Experiment>> {
  const { maxResults, view = 'active', projects } = options
  checkMaxResults(maxResults)
  const comparisons = parseFilter(options.filter ?? '', EXPERIMENT_GRAMMAR)
  const order = parseOrder(options.orderBy ?? [], EXPERIMENT_GRAMMAR)
  const terms = sortTerms(order)
  const query = ['experiments', options.filter ?? '', order, view, projects ?? null]
  const place = placeOf(query, options.pageToken, terms)
  if (projects?.length === 0) return { items: [], nextPageToken: undefined }
  const { dialect, queries } = database
  const conditions = [
    ...lifecycleCondition('e.is_deleted', view),
    ...comparisons.map((comparison) => conditionOf(dialect, comparison)),
    ...(projects ? [among(dialect, sql.ref('e.project'), projects)] : []),
    ...(place ? [isAfter(terms, place)] : []),
  ]
  const text = sql<ExperimentRow>`SELECT e.number, e.name, e.project, e.artifact_location,
      e.is_deleted, e.created_at_ms, e.updated_at_ms, ${sortColumns(terms)}
    FROM experiments e WHERE ${allOf(conditions)}
    ORDER BY ${orderBy(terms)} LIMIT ${maxResults + 1}`
  const { rows } = await text.execute(queries)
  const page = pageOf(rows, { query, terms, maxResults })
  return { items: await experiments.complete(page.rows), nextPageToken: page.nextPageToken }
}

export function lifecycleCondition(column: string, view: View): Condition[] {
  if (view === 'all') return []
  return [sql<boolean>`${sql.ref(column)} = ${view === 'deleted' ? 1 : 0}`]
}

export function allOf(conditions: readonly Condition[]): RawBuilder<boolean> {
  return conditions.length === 0
    ? sql<boolean>`1 = 1`
    : sql<boolean>`${sql.join([...conditions], sql` AND `)}`
}

function sortTerms(order: readonly OrderTerm[]): SortTerm[] {
  const wanted =
    order.length > 0 ? order : [term('creation_time', false), term('experiment_id', true)]
  const full = wanted.some(({ key }) => key === 'experiment_id')
    ? wanted
    : [...wanted, term('experiment_id', false)]
  return full.map(({ key, isAscending }) => ({
    expression: sql.ref(COLUMNS[key] ?? 'e.number'),
    type: key === 'name' ? 'text' : 'integer',
    isAscending,
  }))
}

function term(key: string, isAscending: boolean): OrderTerm {
  return { kind: 'attribute', key, isAscending }
}

function conditionOf(dialect: Dialect, comparison: Comparison): Condition {
  const { kind, key, comparator, value } = comparison
  if (kind === 'tag') return tagCondition(dialect, comparison)
  const column = sql.ref(COLUMNS[key] ?? 'e.number')
  if (key === 'experiment_id') {
    const ids = Array.isArray(value) ? value : [value]
    const found = among(
      dialect,
      column,
      ids.map((id) => experimentNumber(String(id))),
    )
    return comparator === '=' || comparator === 'IN' ? found : sql<boolean>`NOT (${found})`
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value))
      throw errors.FILTER_INVALID({
        text: excerpt(String(value)),
        position: 0,
        reason: `a time must be whole milliseconds`,
        hint: 'Write the milliseconds since 1970 without a fraction.',
      })
    return numberCondition(column, comparator, value)
  }
  return textCondition(dialect, column, comparison)
}

function tagCondition(dialect: Dialect, comparison: Comparison): Condition {
  const { key, comparator } = comparison
  const exists = (condition: Condition) => sql<boolean>`EXISTS (SELECT 1 FROM experiment_tags t
    WHERE t.experiment = e.number AND t.key = ${key} AND ${condition})`
  if (comparator === 'IS NULL') return sql<boolean>`NOT ${exists(sql<boolean>`1 = 1`)}`
  if (comparator === 'IS NOT NULL') return exists(sql<boolean>`1 = 1`)
  return exists(textCondition(dialect, sql.ref('t.value'), comparison))
}
