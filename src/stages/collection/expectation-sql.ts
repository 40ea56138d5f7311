import type { ColumnType, Expectation } from '../../core/records/index.ts'
import { quoteIdentifier, quoteLiteral } from '../../platform/storage/index.ts'

/** Rules judged row by row; the others look at the whole table. */
export type RowExpectation = Exclude<Expectation, { expect: 'row-count' | 'freshness' }>

export interface ExpectationContext {
  /** DuckDB types of the table's columns. */
  readonly types: ReadonlyMap<string, string>
  /** View of another source by its name. */
  readonly viewOf: (source: string) => string
}

/** Name of an expectation in reports. */
export function expectationName(rule: Expectation): string {
  if (rule.name !== undefined) return rule.name
  if (rule.expect === 'unique') return `unique ${rule.columns.join(', ')}`
  return rule.expect === 'row-count' ? 'row-count' : `${rule.expect} ${rule.column}`
}

/** Columns an expectation reads of its own table. */
export function expectationColumns(rule: Expectation): readonly string[] {
  if (rule.expect === 'unique') return rule.columns
  return rule.expect === 'row-count' ? [] : [rule.column]
}

/** What a row rule asks, for people. */
export function expectationText(rule: RowExpectation): string {
  switch (rule.expect) {
    case 'type':
      return rule.type
    case 'not-null':
      return 'a value'
    case 'unique':
      return 'each combination once'
    case 'range':
      return `${rule.min ?? '-∞'} … ${rule.max ?? '∞'}`
    case 'one-of':
      return `one of ${rule.values.join(', ')}`
    case 'pattern':
      return `/${rule.pattern}/`
    case 'reference':
      return `a value of ${rule.source}.${rule.sourceColumn}`
  }
}

/** SQL that is true exactly for the rows that break a rule. Only `not-null` breaks on a null. */
export function brokenSql(rule: RowExpectation, context: ExpectationContext): string {
  if (rule.expect === 'unique') return repeatedSql(rule.columns)
  const column = quoteIdentifier(rule.column)
  if (rule.expect === 'not-null') return `${column} IS NULL`
  const type = context.types.get(rule.column) ?? 'VARCHAR'
  return `(${column} IS NOT NULL AND ${violationSql(rule, { column, type, context })})`
}

type ValueExpectation = Exclude<RowExpectation, { expect: 'unique' | 'not-null' }>

function violationSql(
  rule: ValueExpectation,
  of: { readonly column: string; readonly type: string; readonly context: ExpectationContext },
): string {
  const { column, type } = of
  switch (rule.expect) {
    case 'type':
      return typeViolation(rule.type, column, type)
    case 'range': {
      const number = `TRY_CAST(${column} AS DOUBLE)`
      const bounds = [
        ...(rule.min === undefined ? [] : [`${number} < ${rule.min}`]),
        ...(rule.max === undefined ? [] : [`${number} > ${rule.max}`]),
      ]
      return `(${[`${number} IS NULL`, ...bounds].join(' OR ')})`
    }
    case 'one-of':
      return notInSql(rule.values, column)
    case 'pattern':
      return `NOT regexp_full_match(CAST(${column} AS VARCHAR), ${quoteLiteral(rule.pattern)})`
    case 'reference': {
      const other = quoteIdentifier(rule.sourceColumn)
      const view = quoteIdentifier(of.context.viewOf(rule.source))
      return `${column} NOT IN (SELECT ${other} FROM ${view} WHERE ${other} IS NOT NULL)`
    }
  }
}

/** Every row of a repeated key breaks the rule: which of them is right, nobody knows. */
function repeatedSql(columns: readonly string[]): string {
  const keys = columns.map(quoteIdentifier)
  const present = keys.map((key) => `${key} IS NOT NULL`).join(' AND ')
  return `(${present} AND count(*) OVER (PARTITION BY ${keys.join(', ')}) > 1)`
}

function notInSql(values: readonly (string | number | boolean)[], column: string): string {
  if (values.every((value) => typeof value === 'number')) {
    const number = `TRY_CAST(${column} AS DOUBLE)`
    return `(${number} IS NULL OR ${number} NOT IN (${values.join(', ')}))`
  }
  const texts = values.map((value) => quoteLiteral(String(value))).join(', ')
  return `CAST(${column} AS VARCHAR) NOT IN (${texts})`
}

const NUMERIC = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL.*)$/

const FITTING: Readonly<Record<ColumnType, RegExp>> = {
  number: NUMERIC,
  integer: NUMERIC,
  string: /^(VARCHAR|UUID|ENUM.*)$/,
  boolean: /^BOOLEAN$/,
  timestamp: /^(TIMESTAMP.*|DATE)$/,
  date: /^DATE$/,
}

const TEXT_CASTS: Readonly<Record<Exclude<ColumnType, 'string'>, string>> = {
  number: 'DOUBLE',
  integer: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMPTZ',
  date: 'DATE',
}

function typeViolation(expected: ColumnType, column: string, type: string): string {
  const fraction = `coalesce(TRY_CAST(${column} AS DOUBLE) % 1 <> 0, true)`
  if (FITTING[expected].test(type)) return expected === 'integer' ? fraction : 'false'
  if (expected === 'string' || type !== 'VARCHAR') return 'true'
  if (expected === 'integer') return fraction
  return `TRY_CAST(${column} AS ${TEXT_CASTS[expected]}) IS NULL`
}
