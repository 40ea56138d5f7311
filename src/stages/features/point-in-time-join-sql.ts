import { quoteIdentifier } from '../../platform/storage/index.ts'
import { EVENT_TIME, joinedEventTime } from './feature-names.ts'

/** One feature view on its way into a join. */
export interface ViewToJoin {
  readonly view: string
  /** Quoted view or query with at most one row for the same keys and `__event_time`. */
  readonly from: string
  /** Pairs of columns that must be equal: the left rows' and the view's. */
  readonly keys: readonly { readonly left: string; readonly right: string }[]
  /** The view's columns and what they are called in the joined rows. */
  readonly features: readonly { readonly feature: string; readonly name: string }[]
  readonly availabilityDelayMs: number
  /** Null: a value never grows stale. */
  readonly timeToLiveMs: number | null
}

/**
 * SQL of the left rows with, of each view, the newest row as it was known at the prediction:
 * `event time + availability delay ≤ prediction time` and `prediction time − event time ≤ time to
 * live`. Left rows are kept without a match. Adds `__event_time__<view>`: when the value that was
 * used happened, NULL when none was.
 *
 * The delay is the same for all rows of a view, so the newest event available is also the newest
 * available event; and when that one is stale, all others are. One ASOF join finds it.
 */
export function pointInTimeJoinSql(options: {
  /** Quoted view or query of rows with `__prediction_time`. */
  readonly from: string
  readonly views: readonly ViewToJoin[]
}): string {
  const { from, views } = options
  if (views.length === 0) return `(SELECT * FROM ${from})`
  // Each view is joined to the bare keys and times, and its values come back by row number: an ASOF
  // join sorts what it joins, and sorting the whole wide row once a view took three times as long.
  const joins = views.map((view, i) => `JOIN (${joinSql(view)}) AS v${i} ON v${i}.__row = b.__row`)
  const columns = views.flatMap((view, i) => [
    ...view.features.map(({ name }) => `v${i}.${quoteIdentifier(name)}`),
    `v${i}.${quoteIdentifier(joinedEventTime(view.view))}`,
  ])
  return `(WITH __rows AS MATERIALIZED (SELECT *, row_number() OVER () AS __row FROM ${from})
    SELECT b.* EXCLUDE (__row), ${columns.join(', ')} FROM __rows AS b ${joins.join('\n')})`
}

function joinSql(view: ViewToJoin): string {
  const equal = view.keys.map(
    ({ left, right }) => `l.${quoteIdentifier(left)} = f.${quoteIdentifier(right)}`,
  )
  const keys = [...new Set(view.keys.map(({ left }) => quoteIdentifier(left)))]
  const known = `l.__prediction_time - ${interval(view.availabilityDelayMs)} >= f.${EVENT_TIME}`
  const fresh =
    view.timeToLiveMs === null
      ? undefined
      : `f.${EVENT_TIME} >= l.__prediction_time - ${interval(view.timeToLiveMs)}`
  const value = (column: string, name: string) => {
    const used = fresh === undefined ? column : `CASE WHEN ${fresh} THEN ${column} END`
    return `${used} AS ${quoteIdentifier(name)}`
  }
  const columns = [
    ...view.features.map(({ feature, name }) => value(`f.${quoteIdentifier(feature)}`, name)),
    value(`f.${EVENT_TIME}`, joinedEventTime(view.view)),
  ]
  return `SELECT l.__row, ${columns.join(', ')}
    FROM (SELECT __row, __prediction_time, ${keys.join(', ')} FROM __rows) AS l
    ASOF LEFT JOIN ${view.from} AS f ON ${[...equal, known].join(' AND ')}`
}

function interval(ms: number): string {
  return `INTERVAL (${Math.round(ms)}) MILLISECONDS`
}
