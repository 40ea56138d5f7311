import type { Expectation, Source } from '../../core/records/index.ts'
import {
  quoteIdentifier,
  type TableColumn,
  type TableEngine,
} from '../../platform/storage/index.ts'
import { expectationColumns, expectationName } from './expectation-sql.ts'
import { requireColumns } from './require-columns.ts'
import { instantSql, timeSql } from './time-sql.ts'

/** A source's rows as far as they were known at the horizon. */
export interface SnapshotView {
  /** Quoted name of the view. */
  readonly from: string
  readonly columns: readonly TableColumn[]
  /** True when the view is the raw table, row by row and value by value. */
  readonly untouched: boolean
  /** SQL of the time a row became known; absent without `knownAt`. */
  readonly knownAt: string | undefined
}

/**
 * Makes the view `name` over the raw view: times in UTC without a zone, rows known before the
 * horizon. A row whose `knownAt` is null is not known yet.
 *
 * @throws COLUMN_NOT_FOUND when a column that the source's definition names has vanished.
 */
export async function createSnapshotView(options: {
  readonly name: string
  readonly source: Source
  readonly rawView: string
  readonly view: string
  readonly engine: TableEngine
  readonly asOfMs: number | null
}): Promise<SnapshotView> {
  const { engine, source, asOfMs } = options
  const raw = quoteIdentifier(options.rawView)
  const described = await engine.describe(`SELECT * FROM ${raw}`)
  requireNamedColumns(options.name, source, described)
  const zoned = described.filter(({ type }) => /^TIMESTAMP./.test(type))
  const casts = zoned.map(({ name, type }) => {
    const column = quoteIdentifier(name)
    return `${timeSql(column, type)} AS ${column}`
  })
  const replace = casts.length === 0 ? '' : ` REPLACE (${casts.join(', ')})`
  const knownAt = knownAtSql(source, described)
  const horizon =
    knownAt !== undefined && asOfMs !== null ? ` WHERE ${knownAt} < ${instantSql(asOfMs)}` : ''
  const from = quoteIdentifier(options.view)
  await engine.execute(`CREATE OR REPLACE VIEW ${from} AS SELECT *${replace} FROM ${raw}${horizon}`)
  const columns = await engine.describe(`SELECT * FROM ${from}`)
  const untouched = casts.length === 0 && horizon === ''
  return { from, columns, untouched, knownAt: knownAtSql(source, columns) }
}

function knownAtSql(source: Source, columns: readonly TableColumn[]): string | undefined {
  const column = columns.find(({ name }) => name === source.knownAt)
  return column && timeSql(quoteIdentifier(column.name), column.type)
}

function requireNamedColumns(
  name: string,
  source: Source,
  described: readonly TableColumn[],
): void {
  const known = described.map((column) => column.name)
  const require = (what: string, columns: readonly string[]) =>
    requireColumns({ where: `source "${name}", ${what}`, columns, known })
  if (source.knownAt !== undefined) require('knownAt', [source.knownAt])
  require('personalData', source.personalData)
  const names = (rule: Expectation) => `expectation "${expectationName(rule)}"`
  for (const rule of source.expectations) require(names(rule), expectationColumns(rule))
}
