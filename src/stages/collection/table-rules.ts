import type { Expectation, ExpectationResult } from '../../core/records/index.ts'
import { durationMs, isoTime } from '../../core/time/index.ts'
import { quoteIdentifier, type TableEngine } from '../../platform/storage/index.ts'
import { errors } from './errors.ts'
import { expectationName } from './expectation-sql.ts'
import type { SnapshotView } from './snapshot-view.ts'
import { timeSql } from './time-sql.ts'

type TableExpectation = Extract<Expectation, { expect: 'row-count' | 'freshness' }>

/**
 * Judges the rules about the whole table; the first broken one stops the belt, since no row can be
 * set aside to mend it.
 * @throws EXPECTATION_BROKEN
 */
export async function judgeTableRules(options: {
  readonly name: string
  readonly expectations: readonly Expectation[]
  readonly view: SnapshotView
  readonly rows: number
  readonly engine: TableEngine
  /** What "now" means for freshness: the data horizon. */
  readonly nowMs: number
}): Promise<ExpectationResult[]> {
  const results: ExpectationResult[] = []
  for (const rule of options.expectations) {
    if (rule.expect !== 'row-count' && rule.expect !== 'freshness') continue
    const result = await judgeRule(rule, options)
    const { name: expectation, observed, expected } = result
    if (!result.passed) {
      throw errors.EXPECTATION_BROKEN({ source: options.name, expectation, observed, expected })
    }
    results.push(result)
  }
  return results
}

async function judgeRule(
  rule: TableExpectation,
  options: {
    readonly view: SnapshotView
    readonly rows: number
    readonly engine: TableEngine
    readonly nowMs: number
  },
): Promise<ExpectationResult> {
  const about = { name: expectationName(rule), expect: rule.expect }
  if (rule.expect === 'row-count') {
    const { min = 0, max = Number.POSITIVE_INFINITY } = rule
    const passed = options.rows >= min && options.rows <= max
    const expected = `${min} … ${rule.max ?? '∞'} rows`
    return {
      ...about,
      passed,
      failures: passed ? 0 : 1,
      observed: `${options.rows} rows`,
      expected,
    }
  }
  const newestMs = await newest(rule.column, options)
  const passed = newestMs !== null && options.nowMs - newestMs <= durationMs(rule.maxAge)
  return {
    ...about,
    passed,
    failures: passed ? 0 : 1,
    observed: newestMs === null ? 'no time at all' : `newest ${isoTime(newestMs)}`,
    expected: `at most ${rule.maxAge} before ${isoTime(options.nowMs)}`,
  }
}

async function newest(
  column: string,
  { view, engine }: { readonly view: SnapshotView; readonly engine: TableEngine },
): Promise<number | null> {
  const type = view.columns.find(({ name }) => name === column)?.type ?? 'VARCHAR'
  const time = timeSql(quoteIdentifier(column), type)
  const [row] = await engine.query<{ newest: number | null }>(
    `SELECT epoch_ms(max(${time})) AS newest FROM ${view.from}`,
  )
  return row?.newest ?? null
}
