import type { Problem, Split } from '../../core/records/index.ts'
import { durationMs } from '../../core/time/index.ts'
import { quoteLiteral } from '../../platform/storage/index.ts'
import { instantSql } from '../collection/index.ts'

/** First instants of the validation and the test part. */
export interface SplitBoundaries {
  readonly validationFromMs: number
  readonly testFromMs: number
}

export interface SplitOptions {
  readonly split: Split
  readonly problemType: Problem['type']
  /** Query or view in the dataset's layout (`FRAME_COLUMNS`). */
  readonly from: string
  /** Another seed is another assignment; the same seed always the same, on every machine. */
  readonly seed: number
  /** For a split by time (see `resolveBoundaries`). */
  readonly boundaries: SplitBoundaries | null
}

/**
 * SQL that adds `__part` to a dataset: `train`, `validation`, `test`, or NULL for a row whose label
 * was not known yet when the next part began.
 */
export function splitAssignmentSql(options: SplitOptions): string {
  const { split, from } = options
  switch (split.by) {
    case 'time':
      return `SELECT *, ${timePart(split, options.boundaries)} AS __part FROM ${from}`
    case 'random':
      return `SELECT *, ${partOf(uniformSql('__id', options.seed), split)} AS __part FROM ${from}`
    case 'stratified':
      return stratifiedSql(options, split)
    case 'group':
      return groupSql(options, split)
  }
}

type Shares = { readonly validation: number; readonly test: number }

/** A position in [0, 1) to a part: test first, then validation, the rest trains. */
function partOf(position: string, { validation, test }: Shares): string {
  return `CASE WHEN ${position} < ${test} THEN 'test' WHEN ${position} < ${test + validation} THEN 'validation' ELSE 'train' END`
}

/** A uniform number in [0, 1) from an id: MD5, since the engine's own hash may change with it. */
function uniformSql(expression: string, seed: number): string {
  return `(md5_number_lower(${quoteLiteral(`${seed}:`)} || ${expression}) / 18446744073709551616.0)`
}

function timePart(
  split: Extract<Split, { by: 'time' }>,
  boundaries: SplitBoundaries | null,
): string {
  if (boundaries === null) throw new RangeError('a split by time needs its boundaries')
  const gap = `INTERVAL (${durationMs(split.gap)}) MILLISECONDS`
  const known = `coalesce(__label_time, __prediction_time) + ${gap}`
  const validationFrom = instantSql(boundaries.validationFromMs)
  const testFrom = instantSql(boundaries.testFromMs)
  return `CASE WHEN __prediction_time >= ${testFrom} THEN 'test'
    WHEN __prediction_time >= ${validationFrom} THEN CASE WHEN ${known} <= ${testFrom} THEN 'validation' END
    WHEN ${known} <= ${validationFrom} THEN 'train' END`
}

/** Each stratum is cut at the same shares, in the order of its rows' hashes. */
function stratifiedSql(
  { from, seed, problemType }: SplitOptions,
  split: Extract<Split, { by: 'stratified' }>,
): string {
  const stratum = stratumSql(split.column !== undefined, problemType)
  const order = `ORDER BY ${uniformSql('__id', seed)}, __id`
  const position =
    `((row_number() OVER (PARTITION BY __stratum ${order}) - 0.5) ` +
    '/ count(*) OVER (PARTITION BY __stratum))'
  return `SELECT * EXCLUDE (__stratum), ${partOf(position, split)} AS __part
    FROM (SELECT *, ${stratum} AS __stratum FROM ${from})`
}

function stratumSql(byColumn: boolean, problemType: Problem['type']): string {
  if (byColumn) return '__group'
  if (problemType === 'clustering') return "'all'"
  // A number has no classes: tenths of its range of ranks stand in for them.
  return problemType === 'regression' ? 'ntile(10) OVER (ORDER BY __target, __id)' : '__target'
}

/** Groups in the order of their hashes, cut where the rows before them reach the shares. */
function groupSql({ from, seed }: SplitOptions, split: Extract<Split, { by: 'group' }>): string {
  const key = "coalesce('g:' || __group, 'i:' || __id)"
  const position = `((sum(n) OVER (ORDER BY ${uniformSql('k', seed)}, k) - n) / sum(n) OVER ())`
  return `WITH keyed AS (SELECT *, ${key} AS __key FROM ${from}),
    placed AS (SELECT k, ${partOf(position, split)} AS __part
      FROM (SELECT __key AS k, count(*) AS n FROM keyed GROUP BY 1))
    SELECT keyed.* EXCLUDE (__key), placed.__part FROM keyed JOIN placed ON keyed.__key = placed.k`
}
