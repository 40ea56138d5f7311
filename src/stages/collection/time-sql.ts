import { isoTime } from '../../core/time/index.ts'

/** An instant as a TIMESTAMP literal in UTC. */
export function instantSql(ms: number): string {
  return `TIMESTAMP '${isoTime(ms).slice(0, -1)}'`
}

/** True for a column type that can say when something happened: a time, a day, or a text of one. */
export function isTimeType(type: string): boolean {
  return /^(DATE|TIMESTAMP.*|VARCHAR)$/.test(type)
}

/**
 * SQL of a column as TIMESTAMP in UTC: times with a zone are converted, days begin at midnight,
 * ISO texts are read (without a zone as UTC) and are NULL when they are no time.
 */
export function timeSql(expression: string, type: string): string {
  if (type === 'TIMESTAMP') return expression
  if (type === 'TIMESTAMP WITH TIME ZONE') return `(${expression} AT TIME ZONE 'UTC')`
  if (type === 'VARCHAR') return `(TRY_CAST(${expression} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')`
  return `CAST(${expression} AS TIMESTAMP)`
}
