import { type RawBuilder, sql } from 'kysely'
import { allOf, lifecycleCondition } from './experiment-search.ts'
import type { OrderTerm } from './filter/comparison.ts'
import { RUN_GRAMMAR } from './filter/filter-grammar.ts'
import { parseFilter } from './filter/parse-filter.ts'
import { parseOrder } from './filter/parse-order.ts'
import { checkMaxResults, isAfter, orderBy, pageOf, placeOf, sortColumns } from './keyset.ts'
import type { Place } from './page-token.ts'
import type { Run } from './run.ts'
import { indexedRuns, isKeyed, type RunComparison, runCondition } from './run-conditions.ts'
import { type RunOrder, runOrder } from './run-order.ts'
import { completeRuns, type RunRow } from './run-rows.ts'
import { RUN_NAME_TAG } from './run-store.ts'
import type { Condition } from './search-conditions.ts'
import { among } from './sql-lists.ts'
import type { TrackingContext } from './tracking-context.ts'
import type { Page, SearchOptions } from './tracking-store.ts'

/** A condition that at most so many runs fulfil leads the search; others are checked run by run. */
const FEW_RUNS = 2_000

const RUN_COLUMNS = sql`runs.number, runs.id, runs.experiment, runs.name, runs.user_name, runs.status,
  runs.is_deleted, runs.started_at_ms, runs.ended_at_ms, runs.artifact_uri`

type RunSearchOptions = SearchOptions & { readonly experimentIds: readonly string[] }
type FoundRow = Omit<RunRow, 'project'>

/** What a search runs with, all names resolved. */
interface RunQuery {
  readonly context: TrackingContext
  readonly comparisons: readonly RunComparison[]
  readonly order: RunOrder
  readonly experiments: readonly number[]
  readonly place: Place | undefined
  readonly lifecycle: readonly Condition[]
  /** Rows wanted: one more than the page holds. */
  readonly limit: number
}

/** Newest first, then by id, unless asked otherwise. */
export async function searchRuns(
  context: TrackingContext,
  options: RunSearchOptions,
): Promise<Page<Run>> {
  const { maxResults, view = 'active' } = options
  checkMaxResults(maxResults)
  const parsed = parseFilter(options.filter ?? '', RUN_GRAMMAR)
  const terms = parseOrder(options.orderBy ?? [], RUN_GRAMMAR)
  const identity = ['runs', options.filter ?? '', terms, view, options.projects ?? null]
  const query = [...identity, options.experimentIds]
  const order = await resolveOrder(context, terms)
  const place = placeOf(query, options.pageToken, order.terms)
  const projects = await projectsOf(context, options)
  const comparisons = await resolveKeys(context, parsed)
  const rows =
    projects.size === 0
      ? []
      : await findRows({
          context,
          comparisons,
          order,
          experiments: [...projects.keys()],
          place,
          lifecycle: lifecycleCondition('runs.is_deleted', view),
          limit: maxResults + 1,
        })
  const page = pageOf(rows, { query, terms: order.terms, maxResults })
  const owned = page.rows.map((row) => ({ ...row, project: projects.get(row.experiment) ?? '' }))
  return { items: await completeRuns(context, owned), nextPageToken: page.nextPageToken }
}

/** Projects of the experiments asked for, by number; ids that do not exist are left out. */
async function projectsOf(
  { database: { queries, dialect } }: TrackingContext,
  { experimentIds, projects }: RunSearchOptions,
): Promise<ReadonlyMap<number, string>> {
  const numbers = experimentIds.filter((id) => /^\d{1,15}$/.test(id)).map(Number)
  if (numbers.length === 0 || projects?.length === 0) return new Map()
  const rows = await queries
    .selectFrom('experiments')
    .select(['number', 'project'])
    .where(among(dialect, sql.ref('number'), numbers))
    .$if(projects !== undefined, (select) =>
      select.where(among(dialect, sql.ref('project'), projects ?? [])),
    )
    .execute()
  return new Map(rows.map(({ number, project }) => [number, project]))
}

/** A run's name is asked for as the tag that holds it, which has an index. */
async function resolveKeys(
  { keys }: TrackingContext,
  parsed: ReturnType<typeof parseFilter>,
): Promise<readonly RunComparison[]> {
  return Promise.all(
    parsed.map(async (comparison) => {
      const named =
        comparison.kind === 'attribute' && comparison.key === 'run_name'
          ? ({ ...comparison, kind: 'tag', key: RUN_NAME_TAG } as const)
          : comparison
      const number = isKeyed(named.kind) ? await keys.find(named.key) : undefined
      return { ...named, number }
    }),
  )
}

async function resolveOrder(
  { keys }: TrackingContext,
  terms: readonly OrderTerm[],
): Promise<RunOrder> {
  const numbered = terms.map(async (term) => ({
    ...term,
    number: isKeyed(term.kind) ? ((await keys.find(term.key)) ?? 0) : 0,
  }))
  return runOrder(await Promise.all(numbered))
}

async function findRows(query: RunQuery): Promise<readonly FoundRow[]> {
  const leading = await leadingRuns(query)
  if (leading) return select(query, runsOf(query, sql`(${leading}) lead`, sql`lead.run`), [])
  const { metric } = query.order
  return metric === undefined ? select(query, sql`runs`, []) : findByMetric(query, metric)
}

/** The runs of the rarest condition that an index can answer, if they are few. */
async function leadingRuns(query: RunQuery): Promise<RawBuilder<unknown> | undefined> {
  const { context, comparisons } = query
  let leading: RawBuilder<unknown> | undefined
  let fewest = FEW_RUNS + 1
  for (const comparison of comparisons) {
    const found = indexedRuns(context.database.dialect, comparison, within('x.experiment', query))
    if (!found) continue
    const text = sql<{
      count: number
    }>`SELECT count(*) AS count FROM (${found} LIMIT ${fewest}) few`
    const { rows } = await text.execute(context.database.queries)
    const count = rows[0]?.count ?? 0
    if (count >= fewest) continue
    fewest = count
    leading = found
  }
  return leading
}

/**
 * Ordered by a metric first: runs with a number come in the order of its index, then those with NaN,
 * then those without; later groups are only looked at when the page is not full yet.
 */
async function findByMetric(query: RunQuery, key: number): Promise<readonly FoundRow[]> {
  const rows: FoundRow[] = []
  const first = Number(query.place?.[0] ?? 0)
  for (let rank = first; rank <= 2 && rows.length < query.limit; rank++) {
    const rest: RunQuery = {
      ...query,
      place: rank === first ? query.place : undefined,
      limit: query.limit - rows.length,
    }
    if (rank === 2) {
      const none = sql<boolean>`NOT EXISTS (SELECT 1 FROM latest_metrics n
        WHERE n.run = runs.number AND n.key = ${key})`
      rows.push(...(await select(rest, sql`runs`, [none])))
      continue
    }
    rows.push(
      ...(await select(
        { ...rest, order: { ...query.order, ...query.order.led } },
        runsOf(query, sql`latest_metrics o0`, sql`o0.run`),
        [within('o0.experiment', query), sql`o0.key = ${key}`, sql`o0.is_nan = ${rank}`],
      )),
    )
  }
  return rows
}

/**
 * The runs of these rows, one sought for each: both planners are kept from joining the other way
 * round, which PostgreSQL would do for tables that it has no statistics of yet.
 */
function runsOf(
  { context }: RunQuery,
  rows: RawBuilder<unknown>,
  number: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return context.database.dialect === 'postgres'
    ? sql`${rows} CROSS JOIN LATERAL
        (SELECT * FROM runs sought WHERE sought.number = ${number} OFFSET 0) runs`
    : sql`${rows} CROSS JOIN runs ON runs.number = ${number}`
}

async function select(
  query: RunQuery,
  from: RawBuilder<unknown>,
  joining: readonly RawBuilder<unknown>[],
): Promise<readonly FoundRow[]> {
  const { context, comparisons, order, place } = query
  const { dialect, queries } = context.database
  const conditions = [
    ...joining.map((condition) => sql<boolean>`${condition}`),
    within('runs.experiment', query),
    ...query.lifecycle,
    ...comparisons.map((comparison) => runCondition(dialect, comparison)),
    ...(place ? [isAfter(order.terms, place)] : []),
  ]
  const text = sql<FoundRow>`SELECT ${RUN_COLUMNS}, ${sortColumns(order.terms)}
    FROM ${from} ${order.joins} WHERE ${allOf(conditions)}
    ORDER BY ${orderBy(order.terms)} LIMIT ${query.limit}`
  return (await text.execute(queries)).rows
}

function within(column: string, { context, experiments }: RunQuery): Condition {
  const [only] = experiments
  // Equality keeps the order of an index; a list would not.
  return experiments.length === 1
    ? sql<boolean>`${sql.ref(column)} = ${only}`
    : among(context.database.dialect, sql.ref(column), experiments)
}
