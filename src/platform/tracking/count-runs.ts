import { sql } from 'kysely'
import type { RunStatus } from './run.ts'
import { among } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'
import type { RunCount, TrackingStore } from './tracking-store.ts'

interface CountRow {
  readonly number: number
  readonly status: string | null
  readonly n: number
}

/** Runs of each experiment by status, in one query. */
export async function countRuns(
  { database: { queries, dialect } }: TrackingContext,
  options: Parameters<TrackingStore['countRuns']>[0],
): Promise<readonly RunCount[]> {
  const { experimentIds, view = 'active', projects } = options
  const numbers = experimentIds.filter((id) => /^\d{1,15}$/.test(id)).map(Number)
  if (numbers.length === 0 || projects?.length === 0) return []
  const deleted = view === 'all' ? sql`` : sql`AND r.is_deleted = ${view === 'deleted' ? 1 : 0}`
  const visible =
    projects === undefined ? sql`` : sql`AND ${among(dialect, sql.ref('e.project'), projects)}`
  const { rows } = await sql<CountRow>`
    SELECT e.number, r.status, count(r.number) AS n
    FROM experiments e LEFT JOIN runs r ON r.experiment = e.number ${deleted}
    WHERE ${among(dialect, sql.ref('e.number'), numbers)} ${visible}
    GROUP BY e.number, r.status ORDER BY e.number`.execute(queries)
  const counts = new Map<number, { runs: number; byStatus: Partial<Record<RunStatus, number>> }>()
  for (const { number, status, n } of rows) {
    const count = counts.get(number) ?? { runs: 0, byStatus: {} }
    counts.set(number, count)
    if (status === null) continue
    count.runs += n
    count.byStatus[status as RunStatus] = n
  }
  return [...counts].map(([number, count]) => ({ experimentId: String(number), ...count }))
}
