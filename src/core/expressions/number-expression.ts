import type { Expression, Value } from './expression.ts'
import { type Evaluate, operationOf } from './operations.ts'

/** Beyond this a number is infinite in float32, which is what models compute in. */
const LARGEST = 3.402_823_466_385_288_6e38

/** How a column is written in SQL, and what it holds. */
export interface ColumnSql {
  readonly sql: string
  readonly kind: 'number' | 'text'
}

/** The numbers of an expression, for the places that `names` give its columns in a row. */
export type NumberOfRow = (row: readonly Value[]) => number | null

/**
 * DuckDB SQL of an expression as a DOUBLE: conditions are 1 and 0, what a model cannot compute with
 * is NULL, and there is no negative zero. Its columns must be DOUBLE or VARCHAR.
 * @param column of a name that the expression refers to
 */
export function numberSql(expression: Expression, column: (name: string) => ColumnSql): string {
  const sql = `CAST(${sqlOf(expression, column)} AS DOUBLE)`
  const fit = `CASE WHEN v = 0 THEN CAST(0 AS DOUBLE) WHEN abs(v) <= CAST('${LARGEST}' AS DOUBLE) THEN v END`
  return `list_transform([${sql}], lambda v: ${fit})[1]`
}

function sqlOf(part: Expression, column: (name: string) => ColumnSql): string {
  if (part.kind === 'number') return `CAST('${part.value}' AS DOUBLE)`
  if (part.kind === 'text') return `'${part.value.replaceAll("'", "''")}'`
  if (part.kind === 'column') {
    const { sql, kind } = column(part.name)
    return kind === 'number' ? `CASE WHEN isfinite(${sql}) THEN ${sql} END` : sql
  }
  return operation(part.operation).sql(part.parts.map((inner) => sqlOf(inner, column)))
}

/**
 * The same as `numberSql` for rows of cells.
 * @param names of the columns, in the order of a row's cells
 */
export function compileNumber(expression: Expression, names: readonly string[]): NumberOfRow {
  const evaluate = evaluatorOf(expression, names)
  return (row) => {
    const value = evaluate(row)
    const number = typeof value === 'boolean' ? Number(value) : value
    if (typeof number !== 'number' || !(Math.abs(number) <= LARGEST)) return null
    return number === 0 ? 0 : number
  }
}

function evaluatorOf(part: Expression, names: readonly string[]): Evaluate {
  if (part.kind === 'number' || part.kind === 'text') {
    const { value } = part
    return () => value
  }
  if (part.kind === 'column') {
    const place = names.indexOf(part.name)
    return (row) => {
      const value = row[place] ?? null
      return typeof value === 'number' && !Number.isFinite(value) ? null : value
    }
  }
  return operation(part.operation).evaluate(part.parts.map((inner) => evaluatorOf(inner, names)))
}

function operation(name: string) {
  const found = operationOf(name)
  // The reader gives no other names.
  if (found === undefined) throw new Error(`"${name}" is no operation of expressions`)
  return found
}
