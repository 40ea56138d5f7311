import type { Problem } from '../../core/records/index.ts'
import { quoteIdentifier, type TableEngine } from '../../platform/storage/index.ts'
import { errors } from './errors.ts'

const INTEGER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/
const FRACTIONAL = /^(FLOAT|DOUBLE|DECIMAL.*)$/
const MOST_CLASSES_SHOWN = 10

/**
 * SQL of the target as models are trained on it: a class label as text (booleans `true` and
 * `false`, whole numbers without a point), a number as DOUBLE for regression.
 *
 * @throws TARGET_TYPE_UNFIT
 */
export function targetSql(problem: Problem, column: string, type: string): string {
  const name = quoteIdentifier(column)
  const unfit = (expected: string) =>
    errors.TARGET_TYPE_UNFIT({ column, got: type, type: problem.type, expected })
  const isNumber = INTEGER.test(type) || FRACTIONAL.test(type)
  if (problem.type === 'regression') {
    if (!isNumber) throw unfit('a number')
    return `CASE WHEN NOT isnan(CAST(${name} AS DOUBLE)) THEN CAST(${name} AS DOUBLE) END`
  }
  if (FRACTIONAL.test(type)) {
    return `CASE WHEN isnan(CAST(${name} AS DOUBLE)) THEN NULL WHEN ${name} % 1 = 0 THEN CAST(CAST(${name} AS HUGEINT) AS VARCHAR) ELSE CAST(${name} AS VARCHAR) END`
  }
  if (INTEGER.test(type) || /^(VARCHAR|BOOLEAN|ENUM.*)$/.test(type)) {
    return `CAST(${name} AS VARCHAR)`
  }
  throw unfit('a text, a boolean or a whole number')
}

export interface Classes {
  /** In the order of their code points, as the worker sorts them; empty without classes. */
  readonly classes: string[]
  readonly positiveClass: string | null
}

/**
 * Classes of a labelled table.
 * @throws TARGET_HAS_ONE_CLASS, TARGET_HAS_MANY_CLASSES, POSITIVE_CLASS_UNKNOWN, TARGET_TYPE_UNFIT
 */
export async function resolveClasses(options: {
  readonly engine: TableEngine
  readonly problem: Problem
  readonly column: string
  /** Query or view with the column `__target`. */
  readonly from: string
}): Promise<Classes> {
  const { engine, problem, column } = options
  const rows = await engine.query<{ label: string; rows: number }>(
    `SELECT __target AS label, count(*) AS rows FROM ${options.from} GROUP BY 1 ORDER BY 1`,
  )
  const counts = (limit: number) =>
    Object.fromEntries(rows.slice(0, limit).map((row) => [row.label, row.rows]))
  const fraction = rows.find(({ label }) => /^-?\d+\.\d+$/.test(label))
  if (fraction !== undefined) {
    const expected = 'a text, a boolean or a whole number'
    const got = `a number such as ${fraction.label}`
    throw errors.TARGET_TYPE_UNFIT({ column, got, type: problem.type, expected })
  }
  if (rows.length < 2) {
    throw errors.TARGET_HAS_ONE_CLASS({ column, part: 'dataset', classes: counts(2) })
  }
  const classes = rows.map((row) => row.label)
  if (problem.type !== 'binary-classification') return { classes, positiveClass: null }
  if (rows.length > 2) {
    const shown = counts(MOST_CLASSES_SHOWN)
    throw errors.TARGET_HAS_MANY_CLASSES({ column, classes: shown, found: rows.length })
  }
  return { classes, positiveClass: resolvePositiveClass(problem.positiveClass, classes) }
}

/** 1 and 0 stand for true and false in a boolean target, and the other way round. */
function resolvePositiveClass(
  declared: Problem['positiveClass'],
  classes: readonly string[],
): string {
  const text = String(declared)
  const twins: Readonly<Record<string, string>> = { 1: 'true', 0: 'false', true: '1', false: '0' }
  const found = [text, twins[text]].find((label) => label !== undefined && classes.includes(label))
  if (found === undefined) throw errors.POSITIVE_CLASS_UNKNOWN({ positiveClass: text, classes })
  return found
}
