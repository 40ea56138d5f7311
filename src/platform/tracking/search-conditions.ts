import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../database/index.ts'
import type { Comparator, Comparison } from './filter/comparison.ts'
import { among } from './sql-lists.ts'

export type Condition = RawBuilder<boolean>

const SYMBOLS: Readonly<Partial<Record<Comparator, RawBuilder<unknown>>>> = {
  '=': sql`=`,
  '!=': sql`<>`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
}

export const NEVER: Condition = sql<boolean>`1 = 0`

/** A number column against a number; nothing compares with NULL. */
export function numberCondition(
  column: RawBuilder<unknown>,
  comparator: Comparator,
  value: number,
): Condition {
  const symbol = SYMBOLS[comparator]
  if (!symbol) throw new TypeError(`${comparator} does not compare numbers`)
  // The cast keeps PostgreSQL from reading 1.5 as an integer.
  return sql<boolean>`${column} ${symbol} CAST(${value} AS DOUBLE PRECISION)`
}

/** A stored metric against a number. Only `!=` holds for a NaN; NaN itself is found with `= NaN`. */
export function metricCondition(table: string, comparator: Comparator, value: number): Condition {
  const nan = sql.ref(`${table}.is_nan`)
  if (Number.isNaN(value)) return sql<boolean>`${nan} = ${comparator === '=' ? 1 : 0}`
  const holds = numberCondition(sql.ref(`${table}.value`), comparator, value)
  return comparator === '!='
    ? sql<boolean>`(${nan} = 1 OR ${holds})`
    : sql<boolean>`(${nan} = 0 AND ${holds})`
}

/**
 * A text column against texts, alike on both databases: LIKE minds case, ILIKE does not mind the case
 * of ASCII letters, and no character of a pattern is an escape.
 */
export function textCondition(
  dialect: Dialect,
  column: RawBuilder<unknown>,
  { comparator, value }: Pick<Comparison, 'comparator' | 'value'>,
): Condition {
  const isSqlite = dialect === 'sqlite'
  switch (comparator) {
    case 'LIKE':
      return isSqlite
        ? sql<boolean>`${column} GLOB ${globOf(String(value))}`
        : sql<boolean>`${column} LIKE ${value} ESCAPE ''`
    case 'ILIKE':
      return isSqlite
        ? sql<boolean>`${column} LIKE ${value}`
        : sql<boolean>`${column} ILIKE ${value} ESCAPE ''`
    case 'IN':
      return among(dialect, column, listOf(value))
    case 'NOT IN':
      return sql<boolean>`NOT (${among(dialect, column, listOf(value))})`
    default:
      return sql<boolean>`${column} ${SYMBOLS[comparator] ?? sql`=`} ${value}`
  }
}

/** Equality that an index of the first 64 characters serves. */
export function indexedText(
  dialect: Dialect,
  table: string,
  comparison: Pick<Comparison, 'comparator' | 'value'>,
): Condition {
  const column = sql.ref(`${table}.value`)
  const condition = textCondition(dialect, column, comparison)
  if (comparison.comparator !== '=') return condition
  const beginning = sql`substr(CAST(${comparison.value} AS TEXT), 1, 64)`
  return sql<boolean>`(substr(${column}, 1, 64) = ${beginning} AND ${condition})`
}

function listOf(value: Comparison['value']): readonly string[] {
  return Array.isArray(value) ? value : [String(value)]
}

/** SQLite's LIKE does not mind case; its GLOB does, with other wildcards. */
function globOf(pattern: string): string {
  return pattern.replace(/[*?[]/g, '[$&]').replaceAll('%', '*').replaceAll('_', '?')
}
