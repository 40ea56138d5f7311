import type { ArtifactRef, Expectation, ExpectationResult } from '../../core/records/index.ts'
import {
  type ArtifactStore,
  quoteIdentifier,
  quoteLiteral,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { engineReason } from './engine-reason.ts'
import { errors } from './errors.ts'
import {
  brokenSql,
  type ExpectationContext,
  expectationName,
  expectationText,
  type RowExpectation,
} from './expectation-sql.ts'
import type { SnapshotView } from './snapshot-view.ts'

/** Column of a quarantine file: names of the expectations that the row breaks. */
export const BROKEN_COLUMN = '__broken'

export interface JudgedRows {
  readonly results: readonly ExpectationResult[]
  readonly quarantined: number
  /** Query of the rows that stay. */
  readonly kept: string
  /** The rows set aside, or null when there are none. */
  readonly table: ArtifactRef | null
}

export interface JudgeOptions {
  readonly name: string
  readonly expectations: readonly Expectation[]
  readonly view: SnapshotView
  readonly rows: number
  readonly context: ExpectationContext
  readonly engine: TableEngine
  readonly artifacts: ArtifactStore
  readonly folder: string
}

/**
 * Judges the row rules and sets the rows that break one aside.
 * @throws EXPECTATION_INVALID
 */
export async function judgeRows(options: JudgeOptions): Promise<JudgedRows> {
  const { view, rows } = options
  const rules = options.expectations.filter(isRowRule)
  const all = `SELECT * FROM ${view.from}`
  if (rules.length === 0) return { results: [], quarantined: 0, kept: all, table: null }
  const conditions = rules.map((rule) => brokenSql(rule, options.context))
  const { failures, quarantined } = await countBroken(options, conditions)
  const results = rules.map((rule, index) => {
    const broken = failures[index] ?? 0
    return {
      name: expectationName(rule),
      expect: rule.expect,
      passed: broken === 0,
      failures: broken,
      observed: `${broken} of ${rows} rows break it`,
      expected: expectationText(rule),
    }
  })
  if (quarantined === 0) return { results, quarantined, kept: all, table: null }
  return { results, quarantined, ...(await setAside(options, rules)) }
}

function isRowRule(rule: Expectation): rule is RowExpectation {
  return rule.expect !== 'row-count' && rule.expect !== 'freshness'
}

/** One pass: a truth value for each rule, then their counts. */
async function countBroken(
  options: JudgeOptions,
  conditions: readonly string[],
): Promise<{ failures: number[]; quarantined: number }> {
  const truths = conditions.map((condition, index) => `(${condition}) AS b${index}`)
  const counts = conditions.map((_, index) => `count(*) FILTER (b${index}) AS n${index}`)
  const any = conditions.map((_, index) => `b${index}`).join(' OR ')
  try {
    const [row] = await options.engine.query<Record<string, number>>(
      `SELECT ${counts.join(', ')}, count(*) FILTER (${any}) AS quarantined
       FROM (SELECT ${truths.join(', ')} FROM ${options.view.from})`,
    )
    const failures = conditions.map((_, index) => row?.[`n${index}`] ?? 0)
    return { failures, quarantined: row?.quarantined ?? 0 }
  } catch (error) {
    throw errors.EXPECTATION_INVALID(
      {
        source: options.name,
        expectations: options.expectations.map(expectationName).join(', '),
        reason: engineReason(error),
      },
      error,
    )
  }
}

async function setAside(
  options: JudgeOptions,
  rules: readonly RowExpectation[],
): Promise<{ kept: string; table: ArtifactRef }> {
  const { engine, view, folder, name } = options
  const names = rules.map((rule) => {
    const condition = brokenSql(rule, options.context)
    return `CASE WHEN ${condition} THEN ${quoteLiteral(expectationName(rule))} END`
  })
  const broken = quoteIdentifier(BROKEN_COLUMN)
  const judged = `${folder}/judged.parquet`
  await engine.writeParquet(
    `SELECT *, list_filter([${names.join(', ')}], lambda rule: rule IS NOT NULL) AS ${broken} FROM ${view.from}`,
    judged,
  )
  const from = `read_parquet(${quoteLiteral(judged)})`
  const path = `${folder}/quarantine.parquet`
  await engine.writeParquet(`SELECT * FROM ${from} WHERE len(${broken}) > 0`, path)
  const table = await options.artifacts.putFile(path, {
    name: `${name}.quarantine.parquet`,
    move: true,
  })
  return {
    kept: `SELECT * EXCLUDE (${broken}) FROM ${from} WHERE len(${broken}) = 0`,
    table,
  }
}
