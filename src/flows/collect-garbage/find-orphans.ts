import type { Queries } from '../../platform/database/index.ts'
import { folderOf, pathInDestination } from './artifact-place.ts'
import type { GarbageContext, GarbagePlan } from './garbage-plan.ts'

/** Files that no row names and no interrupted collection is about to delete. */
export async function findOrphans(
  { database, files }: GarbageContext,
  cutoffMs: number,
): Promise<GarbagePlan['orphans']> {
  if (files === undefined) return []
  const named = await namedFolders(database.queries)
  const orphans: { path: string; bytes: number }[] = []
  for await (const { path, bytes, lastModifiedMs } of files.walk('')) {
    // What is younger may belong to a row that is about to be written.
    if (lastModifiedMs <= cutoffMs && !isWithin(path, named)) orphans.push({ path, bytes })
  }
  return orphans.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function namedFolders(queries: Queries): Promise<ReadonlySet<string>> {
  const runs = await queries.selectFrom('runs').select(['id', 'artifact_uri']).execute()
  const models = await queries.selectFrom('logged_models').select(['id', 'artifact_uri']).execute()
  const versions = await queries
    .selectFrom('catalog_versions')
    .select('artifact_uri')
    .distinct()
    .execute()
  const claims = await queries.selectFrom('garbage_claims').select('path').execute()
  const paths = [
    ...[...runs, ...models].map(({ id, artifact_uri }) => folderOf(artifact_uri, id)),
    ...versions.map(({ artifact_uri }) => pathInDestination(artifact_uri)),
    ...claims.map(({ path }) => path),
  ]
  return new Set(paths.filter((path) => path !== undefined))
}

function isWithin(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.has(path)) return true
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (folders.has(path.slice(0, end))) return true
  }
  return false
}
