import { type Frame, SPLIT_PARTS } from '../../core/records/index.ts'
import { isoTime } from '../../core/time/index.ts'
import { quoteLiteral } from '../../platform/storage/index.ts'
import {
  preparationErrors,
  resolveBoundaries,
  type SplitBoundaries,
  splitAssignmentSql,
} from '../preparation/index.ts'
import type { FrameOptions } from './frame-options.ts'

/**
 * Writes the dataset's rows with their part.
 * @returns the rows that no part takes.
 * @throws SPLIT_NEEDS_TIME, EMPTY_SPLIT
 */
export async function assignParts(
  options: FrameOptions,
  path: string,
): Promise<NonNullable<Frame['dropped']>> {
  const { definition, problem, dataset, engine, artifacts, seed = 0 } = options
  const from = `read_parquet(${quoteLiteral(artifacts.pathOf(dataset.table.digest))})`
  const boundaries = await resolveBoundaries({ definition, engine, from })
  const split = { split: definition.split, problemType: problem.type, from, seed, boundaries }
  await engine.writeParquet(splitAssignmentSql(split), path)
  const assigned = `read_parquet(${quoteLiteral(path)})`
  const counts = await engine.query<{ part: string | null; rows: number }>(
    `SELECT __part AS part, count(*) AS rows FROM ${assigned} GROUP BY 1`,
  )
  const rowsOf = (part: string | null) => counts.find((count) => count.part === part)?.rows ?? 0
  if (SPLIT_PARTS.some((part) => rowsOf(part) === 0)) {
    const [range] = await engine.query<{ low: string | null; high: string | null }>(
      `SELECT min(__prediction_time) AS low, max(__prediction_time) AS high FROM ${from}`,
    )
    throw preparationErrors.EMPTY_SPLIT({
      parts: Object.fromEntries(SPLIT_PARTS.map((part) => [part, rowsOf(part)])),
      boundaries: boundariesText(options, boundaries),
      range: range?.low ? `from ${range.low} to ${range.high}` : `${dataset.rows} rows`,
      asOf: options.asOfMs === null ? null : isoTime(options.asOfMs),
    })
  }
  const gap = rowsOf(null)
  return gap === 0 ? [] : [{ why: 'label is not known when the next part begins', rows: gap }]
}

function boundariesText({ definition }: FrameOptions, boundaries: SplitBoundaries | null): string {
  if (boundaries !== null) {
    const { validationFromMs, testFromMs } = boundaries
    return `validation from ${isoTime(validationFromMs)}, test from ${isoTime(testFromMs)}`
  }
  const { validation, test } = definition.split
  return `shares of ${validation} (validation) and ${test} (test)`
}
