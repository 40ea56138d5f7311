import type { Value } from './expression.ts'

/** Works on one row: its cells by the places that `compileNumber` was given for the columns. */
export type Evaluate = (row: readonly Value[]) => Value

/** One operation, in both of the forms it is run in: they must mean the same to the last bit. */
export interface Operation {
  /**
   * `numbers` and `conditions`: all parts are. `alike`: all numbers or all texts. `choice`: all of
   * one type; `choice-by-condition` has a condition before them.
   */
  readonly takes: 'numbers' | 'alike' | 'conditions' | 'choice' | 'choice-by-condition'
  /** `same` as its parts. */
  readonly gives: 'number' | 'condition' | 'same'
  /** Fewest and most parts. */
  readonly parts: readonly [fewest: number, most: number]
  /** DuckDB SQL, with each part's SQL in it once: nested operations may not multiply. */
  readonly sql: (parts: readonly string[]) => string
  readonly evaluate: (parts: readonly Evaluate[]) => Evaluate
}

const MOST_PARTS = 20

/** A number if it `fits`, else missing. A list of one names the value, so that it is made once. */
function only(sql: string, fits: string): string {
  return `list_filter([${sql}], lambda v: ${fits})[1]`
}

const finite = (sql: string) => only(sql, 'isfinite(v)')

/** Missing in, missing out; what is not finite is missing. */
function arithmetic(options: {
  readonly sql: (a: string, b: string) => string
  readonly of: (a: number, b: number) => number
}): Operation {
  return {
    takes: 'numbers',
    gives: 'number',
    parts: [2, 2],
    sql: ([a = '', b = '']) => finite(options.sql(a, b)),
    evaluate:
      ([left = missing, right = missing]) =>
      (row) => {
        const a = left(row)
        const b = right(row)
        if (typeof a !== 'number' || typeof b !== 'number') return null
        const result = options.of(a, b)
        return Number.isFinite(result) ? result : null
      },
  }
}

/** A function of one number; what is not finite is missing. */
function ofNumber(sql: (a: string) => string, of: (a: number) => number): Operation {
  return {
    takes: 'numbers',
    gives: 'number',
    parts: [1, 1],
    sql: ([a = '']) => sql(a),
    evaluate:
      ([part = missing]) =>
      (row) => {
        const a = part(row)
        if (typeof a !== 'number') return null
        const result = of(a)
        return Number.isFinite(result) ? result : null
      },
  }
}

function comparison(operator: string, of: (a: number, b: number) => boolean): Operation {
  return {
    takes: 'numbers',
    gives: 'condition',
    parts: [2, 2],
    sql: ([a, b]) => `(${a} ${operator} ${b})`,
    evaluate:
      ([left = missing, right = missing]) =>
      (row) => {
        const a = left(row)
        const b = right(row)
        return typeof a === 'number' && typeof b === 'number' ? of(a, b) : null
      },
  }
}

/** Whether two numbers or two texts are the same; texts by their characters, with their case. */
function equality(operator: '=' | '<>', whenEqual: boolean): Operation {
  return {
    takes: 'alike',
    gives: 'condition',
    parts: [2, 2],
    sql: ([a, b]) => `(${a} ${operator} ${b})`,
    evaluate:
      ([left = missing, right = missing]) =>
      (row) => {
        const a = left(row)
        const b = right(row)
        return a === null || b === null ? null : (a === b) === whenEqual
      },
  }
}

/** The least or the greatest; missing when one of them is. */
function extreme(aggregate: 'list_min' | 'list_max', of: (...numbers: number[]) => number) {
  return {
    takes: 'numbers',
    gives: 'number',
    parts: [2, MOST_PARTS],
    sql: (parts) =>
      `list_transform([[${parts.join(', ')}]], lambda v: CASE WHEN list_count(v) = len(v) THEN ${aggregate}(v) END)[1]`,
    evaluate: (parts) => (row) => {
      const numbers: number[] = []
      for (const part of parts) {
        const value = part(row)
        if (typeof value !== 'number') return null
        numbers.push(value)
      }
      return of(...numbers)
    },
  } satisfies Operation
}

/** `decisive` settles the whole even beside a missing part, as in SQL. */
function logic(operator: 'AND' | 'OR', decisive: boolean): Operation {
  return {
    takes: 'conditions',
    gives: 'condition',
    parts: [2, 2],
    sql: ([a, b]) => `(${a} ${operator} ${b})`,
    evaluate:
      ([left = missing, right = missing]) =>
      (row) => {
        const a = left(row)
        if (a === decisive) return decisive
        const b = right(row)
        if (b === decisive) return decisive
        return a === null || b === null ? null : !decisive
      },
  }
}

const missing: Evaluate = () => null

const not: Operation = {
  takes: 'conditions',
  gives: 'condition',
  parts: [1, 1],
  sql: ([a]) => `(NOT ${a})`,
  evaluate:
    ([part = missing]) =>
    (row) => {
      const a = part(row)
      return a === null ? null : !a
    },
}

const coalesce: Operation = {
  takes: 'choice',
  gives: 'same',
  parts: [2, MOST_PARTS],
  sql: (parts) => `coalesce(${parts.join(', ')})`,
  evaluate: (parts) => (row) => {
    for (const part of parts) {
      const value = part(row)
      if (value !== null) return value
    }
    return null
  },
}

/** A missing condition is not true, as in SQL's CASE. */
const choice: Operation = {
  takes: 'choice-by-condition',
  gives: 'same',
  parts: [3, 3],
  sql: ([condition, yes, no]) => `CASE WHEN ${condition} THEN ${yes} ELSE ${no} END`,
  evaluate:
    ([condition = missing, yes = missing, no = missing]) =>
    (row) =>
      condition(row) === true ? yes(row) : no(row),
}

/** What stands between two parts, by its sign. */
export const OPERATORS: Readonly<Record<string, Operation>> = {
  '+': arithmetic({ sql: (a, b) => `${a} + ${b}`, of: (a, b) => a + b }),
  '-': arithmetic({ sql: (a, b) => `${a} - ${b}`, of: (a, b) => a - b }),
  '*': arithmetic({ sql: (a, b) => `${a} * ${b}`, of: (a, b) => a * b }),
  '/': arithmetic({ sql: (a, b) => `${a} / ${only(b, 'v <> 0')}`, of: (a, b) => a / b }),
  // The remainder has the sign of the first part, in C's fmod and here.
  '%': arithmetic({ sql: (a, b) => `${a} % ${only(b, 'v <> 0')}`, of: (a, b) => a % b }),
  '=': equality('=', true),
  '<>': equality('<>', false),
  '<': comparison('<', (a, b) => a < b),
  '<=': comparison('<=', (a, b) => a <= b),
  '>': comparison('>', (a, b) => a > b),
  '>=': comparison('>=', (a, b) => a >= b),
  and: logic('AND', false),
  or: logic('OR', true),
}

/** What stands before one part. */
export const PREFIXES: Readonly<Record<string, Operation>> = {
  negate: ofNumber(
    (a) => `(-${a})`,
    (a) => -a,
  ),
  not,
}

/** What is called by name. */
export const FUNCTIONS: Readonly<Record<string, Operation>> = {
  abs: ofNumber((a) => `abs(${a})`, Math.abs),
  sqrt: ofNumber((a) => `sqrt(${only(a, 'v >= 0')})`, Math.sqrt),
  ln: ofNumber((a) => `ln(${only(a, 'v > 0')})`, Math.log),
  exp: ofNumber((a) => finite(`exp(${a})`), Math.exp),
  floor: ofNumber((a) => `floor(${a})`, Math.floor),
  ceil: ofNumber((a) => `ceil(${a})`, Math.ceil),
  min: extreme('list_min', Math.min),
  max: extreme('list_max', Math.max),
  coalesce,
  if: choice,
}

/** @returns undefined for what is no operation */
export function operationOf(name: string): Operation | undefined {
  for (const table of [OPERATORS, PREFIXES, FUNCTIONS]) {
    if (Object.hasOwn(table, name)) return table[name]
  }
  return undefined
}
