import type { Duration } from '../../../core/time/index.ts'
import type { ExpectationInput } from './input-types.ts'

type ExpectationOf<K extends ExpectationInput['expect']> = Extract<ExpectationInput, { expect: K }>

/** A name for reports; made from the rule and its column when absent. */
export interface ExpectationOptions {
  readonly name?: string
}

/**
 * Every row has a value in the column.
 *
 * @example
 * notNull('flight_id')
 */
export function notNull(
  column: string,
  options: ExpectationOptions = {},
): ExpectationOf<'not-null'> {
  return { expect: 'not-null', column, ...options }
}

/**
 * No two rows share the values of these columns.
 *
 * @example
 * unique('order_id')
 * unique(['origin', 'time_hour'])
 */
export function unique(
  columns: string | readonly string[],
  options: ExpectationOptions = {},
): ExpectationOf<'unique'> {
  return {
    expect: 'unique',
    columns: typeof columns === 'string' ? [columns] : [...columns],
    ...options,
  }
}

/**
 * Values lie within the bounds, which themselves are allowed. A missing bound is no bound.
 *
 * @example
 * range('humidity', { min: 0, max: 100 })
 */
export function range(
  column: string,
  options: ExpectationOptions & { readonly min?: number; readonly max?: number },
): ExpectationOf<'range'> {
  return { expect: 'range', column, ...options }
}

/**
 * Values come from a closed list.
 *
 * @example
 * oneOf('origin', ['EWR', 'JFK', 'LGA'])
 */
export function oneOf(
  column: string,
  values: readonly (string | number | boolean)[],
  options: ExpectationOptions = {},
): ExpectationOf<'one-of'> {
  return { expect: 'one-of', column, values: [...values], ...options }
}

/**
 * Texts match an RE2 pattern as a whole.
 *
 * @example
 * pattern('tail_number', 'N[0-9A-Z]+')
 */
export function pattern(
  column: string,
  expression: string,
  options: ExpectationOptions = {},
): ExpectationOf<'pattern'> {
  return { expect: 'pattern', column, pattern: expression, ...options }
}

/**
 * The column holds values of a type.
 *
 * @example
 * ofType('departed_at', 'timestamp')
 */
export function ofType(
  column: string,
  type: ExpectationOf<'type'>['type'],
  options: ExpectationOptions = {},
): ExpectationOf<'type'> {
  return { expect: 'type', column, type, ...options }
}

/**
 * Every value exists in a column of another source.
 *
 * @example
 * reference('carrier', { source: 'airlines', column: 'carrier' })
 */
export function reference(
  column: string,
  target: { readonly source: string; readonly column: string },
  options: ExpectationOptions = {},
): ExpectationOf<'reference'> {
  return {
    expect: 'reference',
    column,
    source: target.source,
    sourceColumn: target.column,
    ...options,
  }
}

/**
 * The whole table has so many rows.
 *
 * @example
 * rowCount({ min: 1_000 })
 */
export function rowCount(
  options: ExpectationOptions & { readonly min?: number; readonly max?: number },
): ExpectationOf<'row-count'> {
  return { expect: 'row-count', ...options }
}

/**
 * The newest value of a time column is at most this old at the data horizon.
 *
 * @example
 * freshness('observed_at', '6h')
 */
export function freshness(
  column: string,
  maxAge: Duration,
  options: ExpectationOptions = {},
): ExpectationOf<'freshness'> {
  return { expect: 'freshness', column, maxAge, ...options }
}
