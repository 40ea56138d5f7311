import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../database/index.ts'
import { checkText, LIMITS } from './entry-limits.ts'
import { allOf, lifecycleCondition } from './experiment-search.ts'
import type { Comparison, OrderTerm } from './filter/comparison.ts'
import { LOGGED_MODEL_GRAMMAR } from './filter/filter-grammar.ts'
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
import type { LoggedModel } from './logged-model.ts'
import { completeLoggedModels, type LoggedModelRow } from './logged-model-rows.ts'
import {
  type Condition,
  metricCondition,
  NEVER,
  numberCondition,
  textCondition,
} from './search-conditions.ts'
import { among } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'
import type { LoggedModelDataset, LoggedModelSearch, Page } from './tracking-store.ts'

const COLUMNS: Readonly<Record<string, string>> = {
  name: 'm.name',
  model_id: 'm.id',
  model_type: 'm.model_type',
  status: 'm.status',
  source_run_id: 'm.source_run_id',
  creation_timestamp: 'm.created_at_ms',
  last_updated_timestamp: 'm.updated_at_ms',
}
const TEXT_TABLES = { parameter: 'logged_model_parameters', tag: 'logged_model_tags' } as const

/** What every condition needs to know. */
interface ModelQuery {
  readonly dialect: Dialect
  /** Only metrics logged on one of these. */
  readonly datasets: readonly LoggedModelDataset[]
  /** The number of a metric's key, if there is one. */
  readonly numberOf: (key: string) => number | undefined
}

interface ModelOrder extends OrderTerm {
  readonly dataset: LoggedModelDataset | undefined
}

/** Newest first, then by id, unless asked otherwise; deleted ones are never among them. */
export async function searchLoggedModels(
  context: TrackingContext,
  options: LoggedModelSearch,
): Promise<Page<LoggedModel>> {
  const { maxResults, view = 'active', projects, datasets = [] } = options
  checkMaxResults(maxResults)
  for (const { name, digest } of datasets) {
    checkText('dataset name', name, LIMITS.datasetName)
    checkText('dataset digest', digest ?? '', LIMITS.datasetName)
  }
  const comparisons = parseFilter(options.filter ?? '', LOGGED_MODEL_GRAMMAR)
  const order = readOrder(options.orderBy ?? [])
  const identity = [options.filter ?? '', order, view, projects ?? null, datasets]
  const query = ['logged models', ...identity, options.experimentIds]
  const numbers = new Map<string, number | undefined>()
  for (const { kind, key } of [...comparisons, ...order])
    if (kind === 'metric') numbers.set(key, await context.keys.find(key))
  const { dialect, queries } = context.database
  const scene: ModelQuery = { dialect, datasets, numberOf: (key) => numbers.get(key) }
  const terms = sortTerms(order, scene)
  const place = placeOf(query, options.pageToken, terms)
  const experiments = options.experimentIds.filter((id) => /^\d{1,15}$/.test(id)).map(Number)
  if (experiments.length === 0 || projects?.length === 0)
    return { items: [], nextPageToken: undefined }
  const hasMetric = comparisons.some(({ kind }) => kind === 'metric')
  const conditions = [
    among(dialect, sql.ref('m.experiment'), experiments),
    ...lifecycleCondition('m.is_deleted', view),
    ...(projects ? [among(dialect, sql.ref('e.project'), projects)] : []),
    ...comparisons.map((comparison) => conditionOf(comparison, scene)),
    ...(datasets.length > 0 && !hasMetric ? [hasMetricWhere(onDatasets(datasets))] : []),
    ...(place ? [isAfter(terms, place)] : []),
  ]
  const text = sql<LoggedModelRow>`SELECT m.number, m.id, m.experiment, e.project, m.name,
      m.artifact_uri, m.status, m.status_message, m.is_deleted, m.model_type, m.source_run_id,
      m.created_at_ms, m.updated_at_ms, ${sortColumns(terms)}
    FROM logged_models m JOIN experiments e ON e.number = m.experiment
    WHERE ${allOf(conditions)} ORDER BY ${orderBy(terms)} LIMIT ${maxResults + 1}`
  const { rows } = await text.execute(queries)
  const page = pageOf(rows, { query, terms, maxResults })
  return {
    items: await completeLoggedModels(context, page.rows),
    nextPageToken: page.nextPageToken,
  }
}

function readOrder(order: NonNullable<LoggedModelSearch['orderBy']>): readonly ModelOrder[] {
  const texts = order.map((term) => (typeof term === 'string' ? term : term.term))
  return parseOrder(texts, LOGGED_MODEL_GRAMMAR).map((term, index) => {
    const given = order[index]
    return { ...term, dataset: typeof given === 'object' ? given.dataset : undefined }
  })
}

function conditionOf(
  comparison: Comparison,
  { dialect, datasets, numberOf }: ModelQuery,
): Condition {
  const { kind, key, comparator, value } = comparison
  if (kind === 'metric') {
    const number = numberOf(key)
    if (number === undefined) return NEVER
    const holds = metricCondition('x', comparator, Number(value))
    const on = datasets.length > 0 ? sql<boolean>` AND ${onDatasets(datasets)}` : sql``
    return hasMetricWhere(sql<boolean>`x.key = ${number} AND ${holds}${on}`)
  }
  if (kind === 'parameter' || kind === 'tag')
    return sql<boolean>`EXISTS (SELECT 1 FROM ${sql.table(TEXT_TABLES[kind])} x
      WHERE x.model = m.number AND x.key = ${key}
      AND ${textCondition(dialect, sql.ref('x.value'), comparison)})`
  const column = sql.ref(COLUMNS[key] ?? 'm.id')
  return typeof value === 'number'
    ? numberCondition(column, comparator, value)
    : textCondition(dialect, column, comparison)
}

function hasMetricWhere(condition: Condition): Condition {
  return sql<boolean>`EXISTS (SELECT 1 FROM logged_model_metrics x
    WHERE x.model = m.number AND ${condition})`
}

function onDatasets(datasets: readonly LoggedModelDataset[]): Condition {
  return sql<boolean>`(${sql.join(datasets.map(onDataset), sql` OR `)})`
}

function onDataset({ name, digest }: LoggedModelDataset): Condition {
  const sameDigest = digest === undefined ? sql`` : sql` AND x.dataset_digest = ${digest}`
  return sql<boolean>`(x.dataset_name = ${name}${sameDigest})`
}

function sortTerms(order: readonly ModelOrder[], scene: ModelQuery): readonly SortTerm[] {
  const terms = order.flatMap((term) => termsOf(term, scene))
  const names = new Set(order.filter(({ kind }) => kind === 'attribute').map(({ key }) => key))
  if (!names.has('creation_timestamp'))
    terms.push({ expression: sql.ref('m.created_at_ms'), type: 'integer', isAscending: false })
  if (!names.has('model_id'))
    terms.push({ expression: sql.ref('m.id'), type: 'text', isAscending: true })
  return terms
}

function termsOf({ kind, key, isAscending, dataset }: ModelOrder, scene: ModelQuery): SortTerm[] {
  if (kind === 'metric') {
    const newest = (
      column: RawBuilder<unknown>,
    ) => sql`(SELECT ${column} FROM logged_model_metrics x
      WHERE x.model = m.number AND x.key = ${sql.lit(scene.numberOf(key) ?? 0)}
      ${dataset ? sql`AND ${onDataset(dataset)}` : sql``}
      ORDER BY x.timestamp_ms DESC, x.step DESC, x.run LIMIT 1)`
    return [
      ranked(sql`COALESCE(${newest(sql`x.is_nan`)}, 2)`),
      { expression: sql`COALESCE(${newest(sql`x.value`)}, 0)`, type: 'number', isAscending },
    ]
  }
  const column = sql.ref(COLUMNS[key] ?? 'm.id')
  if (key === 'creation_timestamp' || key === 'last_updated_timestamp')
    return [{ expression: column, type: 'integer', isAscending }]
  if (key === 'model_id') return [{ expression: column, type: 'text', isAscending }]
  return [
    ranked(sql`CASE WHEN ${column} IS NULL THEN 1 ELSE 0 END`),
    { expression: sql`COALESCE(substr(${column}, 1, 250), '')`, type: 'text', isAscending },
  ]
}

function ranked(expression: RawBuilder<unknown>): SortTerm {
  return { expression, type: 'integer', isAscending: true }
}
