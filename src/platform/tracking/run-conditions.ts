import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../database/index.ts'
import type { Comparison } from './filter/comparison.ts'
import {
  type Condition,
  indexedText,
  metricCondition,
  numberCondition,
  textCondition,
} from './search-conditions.ts'
import { among } from './sql-lists.ts'

const TABLES = { metric: 'latest_metrics', parameter: 'run_parameters', tag: 'run_tags' } as const
type KeyedKind = keyof typeof TABLES

const TEXT_COLUMNS: Readonly<Record<string, string>> = {
  run_id: 'runs.id',
  run_name: 'runs.name',
  user_id: 'runs.user_name',
  status: 'runs.status',
  artifact_uri: 'runs.artifact_uri',
}
const TIME_COLUMNS: Readonly<Record<string, string>> = {
  start_time: 'runs.started_at_ms',
  end_time: 'runs.ended_at_ms',
}

/** A comparison whose key has its number; undefined when nothing was ever logged under the key. */
export interface RunComparison extends Comparison {
  readonly number: number | undefined
}

/** The column of an attribute of runs, and whether it holds a time. */
export function attributeColumn(key: string): {
  readonly column: string
  readonly isTime: boolean
} {
  const time = TIME_COLUMNS[key]
  return time
    ? { column: time, isTime: true }
    : { column: TEXT_COLUMNS[key] ?? 'runs.id', isTime: false }
}

export function isKeyed(kind: Comparison['kind']): kind is KeyedKind {
  return kind in TABLES
}

/** Runs joined to a table of entries under one key; `alias` is ours, not the client's. */
export function entryTable(kind: KeyedKind): RawBuilder<unknown> {
  return sql.table(TABLES[kind])
}

/** A condition on a row of `runs`. */
export function runCondition(dialect: Dialect, comparison: RunComparison): Condition {
  const { kind, key, comparator, value, number } = comparison
  if (isKeyed(kind)) {
    const isAbsent = comparator === 'IS NULL'
    if (number === undefined) return isAbsent ? sql<boolean>`1 = 1` : sql<boolean>`1 = 0`
    const found = sql<boolean>`EXISTS (SELECT 1 FROM ${entryTable(kind)} x
      WHERE x.run = runs.number AND x.key = ${number} AND ${entryCondition(dialect, comparison)})`
    return isAbsent ? sql<boolean>`NOT ${found}` : found
  }
  if (kind === 'dataset')
    return sql<boolean>`EXISTS (SELECT 1 FROM run_datasets i JOIN datasets d ON d.number = i.dataset
      WHERE i.run = runs.number
      AND ${textCondition(dialect, sql.ref(key === 'context' ? 'i.context' : `d.${key}`), comparison)})`
  const { column, isTime } = attributeColumn(key)
  return isTime
    ? numberCondition(sql.ref(column), comparator, Number(value))
    : textCondition(dialect, sql.ref(column), comparison)
}

/** A condition on a row `x` of an entry table. */
function entryCondition(dialect: Dialect, comparison: Comparison): Condition {
  const { kind, comparator, value } = comparison
  if (comparator === 'IS NULL' || comparator === 'IS NOT NULL') return sql<boolean>`1 = 1`
  if (kind === 'metric') return metricCondition('x', comparator, Number(value))
  return textCondition(dialect, sql.ref('x.value'), comparison)
}

/** `SELECT run` of all runs of these experiments that fulfil a comparison, where an index finds them. */
export function indexedRuns(
  dialect: Dialect,
  comparison: RunComparison,
  experiments: Condition,
): RawBuilder<unknown> | undefined {
  const { kind, key, comparator, value, number } = comparison
  if (kind === 'attribute' && key === 'run_id' && (comparator === '=' || comparator === 'IN')) {
    const ids = Array.isArray(value) ? value : [String(value)]
    return sql`SELECT runs.number AS run FROM runs WHERE ${among(dialect, sql.ref('runs.id'), ids)}`
  }
  if (number === undefined || !isKeyed(kind)) return undefined
  const isRange = kind === 'metric' && comparator !== '!='
  if (!isRange && comparator !== '=') return undefined
  const condition =
    kind === 'metric' ? entryCondition(dialect, comparison) : indexedText(dialect, 'x', comparison)
  return sql`SELECT x.run FROM ${entryTable(kind)} x
    WHERE ${experiments} AND x.key = ${number} AND ${condition}`
}
