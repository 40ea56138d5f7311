import { sql } from 'kysely'
import type { Queries } from '../../platform/database/index.ts'
import { folderOf, pathInDestination } from './artifact-place.ts'
import { findOrphans } from './find-orphans.ts'
import type { GarbageContext, GarbageItem, GarbagePlan, GarbagePolicy } from './garbage-plan.ts'
import { outdatedVersions } from './outdated-versions.ts'

const DAY_MS = 86_400_000

interface Found {
  readonly number: number
  readonly id: string
  readonly uri: string
}

/** What a collection would remove now. Nothing is changed. */
export async function planGarbage(
  context: GarbageContext,
  policy: GarbagePolicy = {},
): Promise<GarbagePlan> {
  const { queries } = context.database
  const cutoffMs = context.clock.now() - (policy.olderThanMs ?? 30 * DAY_MS)
  const needed = await neededArtifacts(queries)
  const runs = sortOut('run', await deletedRuns(queries, cutoffMs), needed)
  const models = sortOut('logged model', await deletedLoggedModels(queries, cutoffMs), needed)
  const experiments = await emptyExperiments(queries, cutoffMs, [...runs.kept, ...models.kept])
  const orphans = await findOrphans(context, cutoffMs)
  const claims = await queries.selectFrom('garbage_claims').select('path').orderBy('path').execute()
  return {
    runs: runs.items,
    loggedModels: models.items,
    experiments,
    ...(await deletedVersions(queries, cutoffMs)),
    outdated: await outdatedVersions(queries, policy.keepVersions),
    unfinished: claims.map(({ path }) => path),
    orphans,
    kept: [...runs.kept, ...models.kept].map(({ what, because }) => ({ what, because })),
    elsewhere: [...runs.elsewhere, ...models.elsewhere],
  }
}

/** Runs that were deleted, or whose experiment was. */
async function deletedRuns(queries: Queries, cutoffMs: number): Promise<Found[]> {
  return queries
    .selectFrom('runs as r')
    .innerJoin('experiments as e', 'e.number', 'r.experiment')
    .select(['r.number', 'r.id', 'r.artifact_uri as uri'])
    .where(({ or, and, eb }) =>
      or([
        and([
          eb('r.is_deleted', '=', 1),
          eb(sql<number>`coalesce(r.deleted_at_ms, 0)`, '<=', cutoffMs),
        ]),
        and([eb('e.is_deleted', '=', 1), eb('e.updated_at_ms', '<=', cutoffMs)]),
      ]),
    )
    .orderBy('r.number')
    .execute()
}

async function deletedLoggedModels(queries: Queries, cutoffMs: number): Promise<Found[]> {
  return queries
    .selectFrom('logged_models as l')
    .innerJoin('experiments as e', 'e.number', 'l.experiment')
    .select(['l.number', 'l.id', 'l.artifact_uri as uri'])
    .where(({ or, and, eb }) =>
      or([
        and([eb('l.is_deleted', '=', 1), eb('l.updated_at_ms', '<=', cutoffMs)]),
        and([eb('e.is_deleted', '=', 1), eb('e.updated_at_ms', '<=', cutoffMs)]),
      ]),
    )
    .orderBy('l.number')
    .execute()
}

/** Where the files of versions lie that are not deleted, and of which version. */
async function neededArtifacts(queries: Queries): Promise<ReadonlyMap<string, string>> {
  const versions = await queries
    .selectFrom('catalog_versions as v')
    .innerJoin('catalog_models as m', 'm.number', 'v.model')
    .select(['v.artifact_uri', 'v.model_id', 'v.version', 'm.name'])
    .where('v.deleted_at_ms', 'is', null)
    .execute()
  const needed = new Map<string, string>()
  for (const { artifact_uri, model_id, version, name } of versions) {
    const user = `version ${version} of "${name}" needs it`
    needed.set(pathInDestination(artifact_uri) ?? artifact_uri, user)
    if (model_id !== null) needed.set(model_id, user)
  }
  return needed
}

interface SortedOut {
  readonly items: GarbageItem[]
  readonly kept: { readonly number: number; readonly what: string; readonly because: string }[]
  readonly elsewhere: string[]
}

/** Keeps what a registered version still points into. */
function sortOut(
  kind: string,
  found: readonly Found[],
  needed: ReadonlyMap<string, string>,
): SortedOut {
  const sorted: SortedOut = { items: [], kept: [], elsewhere: [] }
  for (const { number, id, uri } of found) {
    const path = folderOf(uri, id) ?? null
    const because = needed.get(id) ?? neededWithin(path ?? uri, needed)
    if (because !== undefined) {
      sorted.kept.push({ number, what: `${kind} ${id}`, because })
      continue
    }
    sorted.items.push({ number, id, path })
    if (path === null) sorted.elsewhere.push(uri)
  }
  return sorted
}

function neededWithin(folder: string, needed: ReadonlyMap<string, string>): string | undefined {
  for (const [path, user] of needed) {
    if (path === folder || path.startsWith(`${folder}/`)) return user
  }
  return undefined
}

/** Deleted experiments, but for those that keep a run or logged model for somebody. */
async function emptyExperiments(
  queries: Queries,
  cutoffMs: number,
  kept: SortedOut['kept'],
): Promise<GarbageItem[]> {
  const rows = await queries
    .selectFrom('experiments')
    .select(['number', 'artifact_location'])
    .where('is_deleted', '=', 1)
    .where('updated_at_ms', '<=', cutoffMs)
    .orderBy('number')
    .execute()
  const runs = kept.filter(({ what }) => what.startsWith('run ')).map(({ number }) => number)
  const models = kept.filter(({ what }) => !what.startsWith('run ')).map(({ number }) => number)
  const held = new Set([
    ...(await experimentsOf(queries, 'runs', runs)),
    ...(await experimentsOf(queries, 'logged_models', models)),
  ])
  return rows
    .filter(({ number }) => !held.has(number))
    .map(({ number, artifact_location: uri }) => {
      const path = pathInDestination(uri)
      // Only a folder that is the experiment's own: one that was given by hand may be shared.
      return { number, id: String(number), path: path === String(number) ? path : null }
    })
}

async function experimentsOf(
  queries: Queries,
  table: 'runs' | 'logged_models',
  numbers: readonly number[],
): Promise<number[]> {
  if (numbers.length === 0) return []
  const rows = await queries
    .selectFrom(table)
    .select('experiment')
    .where('number', 'in', [...numbers])
    .execute()
  return rows.map(({ experiment }) => experiment)
}

async function deletedVersions(queries: Queries, cutoffMs: number) {
  const versions = await queries
    .selectFrom('catalog_versions as v')
    .innerJoin('catalog_models as m', 'm.number', 'v.model')
    .select(['m.number', 'm.name as model', 'v.version'])
    .where('v.deleted_at_ms', '<=', cutoffMs)
    // A belt's record names its version for ever, and so keeps its row.
    .where('v.record_id', 'is', null)
    .orderBy('m.number')
    .orderBy('v.version')
    .execute()
  const models = await queries
    .selectFrom('catalog_models as m')
    .select(['m.number', 'm.name'])
    .where('m.deleted_at_ms', '<=', cutoffMs)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('catalog_versions as v')
            .select('v.version')
            .whereRef('v.model', '=', 'm.number')
            .where('v.record_id', 'is not', null),
        ),
      ),
    )
    .orderBy('m.number')
    .execute()
  return { versions, models }
}
