import type { ColumnProfile } from '../../core/records/index.ts'
import {
  quoteIdentifier,
  type TableColumn,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { timeSql } from './time-sql.ts'

/** Beyond this many rows distinct values are estimated (HyperLogLog, about 2 % off). */
export const EXACT_DISTINCT_ROWS = 1_000_000
const MOST_TOP_VALUES = 10
const LONGEST_TEXT = 100

const NUMERIC = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL.*)$/
const TIME = /^(DATE|TIMESTAMP.*)$/

export interface ProfileOptions {
  readonly engine: TableEngine
  /** A query, or the quoted name of a view. */
  readonly from: string
  /** Only these columns; all when absent. */
  readonly columns?: readonly string[]
  /** Columns with personal data: counted, but none of their values is kept. */
  readonly hidden?: readonly string[]
}

type Row = Readonly<Record<string, unknown>>

/**
 * What is known of each column: counts, range, moments and exact quartiles of the finite numbers,
 * most frequent values. NaN counts as missing. Moments carry nine digits, since sums of floating
 * point numbers depend on the order of addition and a profile is part of records that must not.
 */
export async function profileTable(options: ProfileOptions): Promise<ColumnProfile[]> {
  const { engine, from } = options
  const described = await engine.describe(`SELECT * FROM ${from}`)
  const columns = described.filter(({ name }) => options.columns?.includes(name) ?? true)
  if (columns.length === 0) return []
  const [total] = await engine.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${from}`)
  const exact = (total?.rows ?? 0) <= EXACT_DISTINCT_ROWS
  const [facts = {}] = await engine.query<Row>(
    `SELECT ${columns.flatMap((column, index) => factsSql(column, index, exact)).join(', ')} FROM ${from}`,
  )
  const profiles = columns.map((column, index) => toProfile(column, index, facts))
  const shown = profiles.filter(({ name }) => !options.hidden?.includes(name))
  const tops = await topValues(engine, from, shown)
  return profiles.map((profile) =>
    shown.includes(profile)
      ? { ...profile, top: tops.get(profile.name) ?? [] }
      : { ...profile, min: null, max: null },
  )
}

/** Columns `c<index>_<fact>` of the one query that looks at every column at once. */
function factsSql(column: TableColumn, index: number, exact: boolean): string[] {
  const value = valueSql(column)
  const as = (fact: string) => `AS c${index}_${fact}`
  const distinct = exact ? `count(DISTINCT ${value})` : `approx_count_distinct(${value})`
  const counts = [`count(*) - count(${value}) ${as('nulls')}`, `${distinct} ${as('distinct')}`]
  if (!NUMERIC.test(column.type)) {
    const shown = TIME.test(column.type) ? value : `left(${value}, ${LONGEST_TEXT})`
    return [...counts, `min(${shown}) ${as('min')}`, `max(${shown}) ${as('max')}`]
  }
  const finite = ` FILTER (isfinite(${value}))`
  // Squares beyond the range of a DOUBLE make the engine fail where the deviation is not known.
  const small = `abs(${value}) < 1e150`
  return [
    ...counts,
    `min(${value})${finite} ${as('min')}`,
    `max(${value})${finite} ${as('max')}`,
    `favg(${value})${finite} ${as('mean')}`,
    `CASE WHEN bool_and(${small})${finite} THEN stddev_samp(${value}) FILTER (${small}) END ${as('deviation')}`,
    `quantile_cont(${value}, [0.25, 0.5, 0.75])${finite} ${as('quartiles')}`,
  ]
}

function valueSql({ name, type }: TableColumn): string {
  const column = quoteIdentifier(name)
  if (TIME.test(type)) return timeSql(column, type)
  if (!NUMERIC.test(type)) return `CAST(${column} AS VARCHAR)`
  const number = `CAST(${column} AS DOUBLE)`
  return /^(FLOAT|DOUBLE)$/.test(type)
    ? `CASE WHEN NOT isnan(${column}) THEN ${number} END`
    : number
}

function toProfile({ name, type }: TableColumn, index: number, facts: Row): ColumnProfile {
  const fact = (key: string) => facts[`c${index}_${key}`]
  const quartiles = fact('quartiles')
  return {
    name,
    type,
    nulls: numberOf(fact('nulls')) ?? 0,
    distinct: numberOf(fact('distinct')) ?? 0,
    min: rangeEnd(fact('min')),
    max: rangeEnd(fact('max')),
    mean: rounded(fact('mean')),
    standardDeviation: rounded(fact('deviation')),
    quartiles: Array.isArray(quartiles) ? quartilesOf(quartiles) : null,
    top: [],
  }
}

function quartilesOf(values: readonly unknown[]): [number, number, number] | null {
  const [low, middle, high] = values.map(numberOf)
  return low == null || middle == null || high == null ? null : [low, middle, high]
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function rangeEnd(value: unknown): number | string | null {
  return typeof value === 'string' ? value : numberOf(value)
}

function rounded(value: unknown): number | null {
  const number = numberOf(value)
  return number === null ? null : Number(number.toPrecision(9))
}

async function topValues(
  engine: TableEngine,
  from: string,
  columns: readonly ColumnProfile[],
): Promise<Map<string, ColumnProfile['top']>> {
  const tops = new Map<string, ColumnProfile['top']>()
  for (const column of columns) {
    // A column of nearly unique values has no frequent ones.
    if (column.distinct === 0 || column.distinct > 50_000) continue
    const value = valueSql(column)
    const rows = await engine.query<{ value: string; count: number }>(
      `SELECT left(CAST(${value} AS VARCHAR), ${LONGEST_TEXT}) AS value, count(*) AS count FROM ${from}
       WHERE ${value} IS NOT NULL GROUP BY ${value} ORDER BY count DESC, ${value} LIMIT ${MOST_TOP_VALUES}`,
    )
    tops.set(column.name, rows)
  }
  return tops
}
