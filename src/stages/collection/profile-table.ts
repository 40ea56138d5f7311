import type { ColumnProfile } from '../../core/records/index.ts'
import {
  quoteIdentifier,
  type TableColumn,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { timeSql } from './time-sql.ts'

/*
 * v, n      a value of a column and the rows that hold it
 * c, mean   rows with a finite number, and their mean
 * upto      rows with a value up to and including v
 *
 * Quartile q lies at position h = q · (c − 1) of the sorted values, between the values at ⌊h⌋ and
 * ⌈h⌉ (type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996).
 */

const MOST_TOP_VALUES = 10
/** Beyond this many values counting each is dearer than looking at the rows; none is frequent. */
const MOST_COUNTED_VALUES = 50_000
const LONGEST_TEXT = 100
/** Squares of greater numbers leave the range of a DOUBLE. */
const GREATEST_SQUARED = '1e150'

const NUMERIC = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL.*)$/
const TIME = /^(DATE|TIMESTAMP.*)$/

export interface ProfileOptions {
  readonly engine: TableEngine
  /** A query in parentheses, or the quoted name of a view. */
  readonly from: string
  /** Only these columns; all when absent. */
  readonly columns?: readonly string[]
  /** Columns with personal data: counted, but none of their values is kept. */
  readonly hidden?: readonly string[]
}

interface Facts {
  readonly nulls: number
  readonly distinct: number
  readonly low: unknown
  readonly high: unknown
  readonly mean?: unknown
  readonly deviation?: unknown
  readonly quartiles?: readonly unknown[] | null
  readonly top: readonly { readonly value: string; readonly count: number }[] | null
}

/**
 * What is known of each column: counts, range, moments and quartiles of the finite numbers, most
 * frequent values; all exact. NaN counts as missing. Moments carry nine digits, since sums of
 * floating point numbers depend on the order of addition and a profile is part of records that
 * must not. A column of few values is described from one count of them, the others row by row.
 */
export async function profileTable(options: ProfileOptions): Promise<ColumnProfile[]> {
  const { engine, from } = options
  const described = await engine.describe(`SELECT * FROM ${from}`)
  const columns = described.filter(({ name }) => options.columns?.includes(name) ?? true)
  if (columns.length === 0) return []
  const estimates = columns.map(
    ({ name }, i) => `approx_count_distinct(${quoteIdentifier(name)}) AS c${i}`,
  )
  const [estimated] = await engine.query<Record<string, number>>(
    `SELECT ${estimates.join(', ')} FROM ${from}`,
  )
  const profiles: ColumnProfile[] = []
  for (const [index, column] of columns.entries()) {
    const isFew = (estimated?.[`c${index}`] ?? 0) <= MOST_COUNTED_VALUES
    const sql = isFew ? countedSql(column, from) : rowsSql(column, from)
    const [facts] = await engine.query<Facts>(sql)
    const profile = toProfile(column, facts)
    const hidden = options.hidden?.includes(column.name) ?? false
    profiles.push(hidden ? { ...profile, min: null, max: null, top: [] } : profile)
  }
  return profiles
}

function rowsSql(column: TableColumn, from: string): string {
  const rows = `(SELECT ${valueSql(column)} AS v FROM ${from})`
  const common = 'count(*) - count(v) AS nulls, count(DISTINCT v) AS "distinct", NULL AS top'
  if (!NUMERIC.test(column.type)) {
    const text = TIME.test(column.type) ? 'v' : `left(v, ${LONGEST_TEXT})`
    return `SELECT ${common}, min(${text}) AS low, max(${text}) AS high FROM ${rows}`
  }
  const finite = 'FILTER (isfinite(v))'
  const small = `abs(v) < ${GREATEST_SQUARED}`
  return `SELECT ${common}, min(v) ${finite} AS low, max(v) ${finite} AS high,
    favg(v) ${finite} AS mean, quantile_cont(v, [0.25, 0.5, 0.75]) ${finite} AS quartiles,
    CASE WHEN bool_and(${small}) ${finite} THEN stddev_samp(v) FILTER (${small}) END AS deviation
    FROM ${rows}`
}

function countedSql(column: TableColumn, from: string): string {
  const isNumber = NUMERIC.test(column.type)
  const shown = isNumber ? `CAST(v AS ${column.type})` : 'v'
  const counted = `WITH counted AS MATERIALIZED (
      SELECT ${valueSql(column)} AS v, count(*) AS n FROM ${from} GROUP BY 1),
    frequent AS (SELECT left(CAST(${shown} AS VARCHAR), ${LONGEST_TEXT}) AS value, n, v
      FROM counted WHERE v IS NOT NULL ORDER BY n DESC, v LIMIT ${MOST_TOP_VALUES})`
  const common = `(SELECT coalesce(sum(n), 0) FROM counted WHERE v IS NULL) AS nulls,
    (SELECT count(v) FROM counted) AS "distinct",
    (SELECT list({'value': value, 'count': n} ORDER BY n DESC, v) FROM frequent) AS top`
  if (isNumber) return `${counted}, ${numberFacts(common)}`
  const text = TIME.test(column.type) ? 'v' : `left(v, ${LONGEST_TEXT})`
  return `${counted} SELECT ${common}, min(${text}) AS low, max(${text}) AS high FROM counted`
}

function numberFacts(common: string): string {
  const quartiles = [0.25, 0.5, 0.75].map((q) => {
    const h = `(${q} * (c - 1))`
    const low = `min(v) FILTER (upto > floor${h})`
    const high = `min(v) FILTER (upto > ceil${h})`
    return `${low} + (${high} - ${low}) * any_value(${h} - floor${h})`
  })
  const small = `abs(v) < ${GREATEST_SQUARED}`
  const squares = `sum(n * (CASE WHEN ${small} THEN v - mean END) ^ 2)`
  return `finite AS (SELECT v, n FROM counted WHERE isfinite(v)),
    moments AS (SELECT sum(n) AS c, sum(v * n) / sum(n) AS mean FROM finite),
    ranked AS (SELECT v, n, sum(n) OVER (ORDER BY v) AS upto, c, mean FROM finite CROSS JOIN moments)
    SELECT ${common}, min(v) AS low, max(v) AS high, any_value(mean) AS mean,
      CASE WHEN bool_and(${small}) THEN sqrt(${squares} / nullif(any_value(c) - 1, 0)) END AS deviation,
      [${quartiles.join(', ')}] AS quartiles
    FROM ranked`
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

function toProfile({ name, type }: TableColumn, facts: Facts | undefined): ColumnProfile {
  const distinct = facts?.distinct ?? 0
  return {
    name,
    type,
    nulls: facts?.nulls ?? 0,
    distinct,
    min: rangeEnd(facts?.low),
    max: rangeEnd(facts?.high),
    mean: rounded(facts?.mean),
    standardDeviation: rounded(facts?.deviation),
    quartiles: quartilesOf(facts?.quartiles ?? []),
    top: [...(facts?.top ?? [])],
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
