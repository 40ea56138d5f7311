import { sql } from 'kysely'
import { ENVIRONMENTS, type Environment } from '../../../core/records/index.ts'
import type { Queries } from '../../../platform/database/index.ts'
import type { ModelRow, VersionRow } from './catalog-rows.ts'
import {
  type CatalogVersion,
  type RegisteredModel,
  STAGES,
  type Stage,
} from './registered-model.ts'

/** Rows asked for by one statement, well below the number of values that a database binds. */
const CHUNK = 5_000

/** Versions with their tags, aliases and environments, in the order of their rows. */
export async function assembleVersions(
  queries: Queries,
  rows: readonly VersionRow[],
): Promise<CatalogVersion[]> {
  const versions: CatalogVersion[] = []
  for (const part of chunks(rows)) versions.push(...(await assembleChunk(queries, part)))
  return versions
}

async function assembleChunk(
  queries: Queries,
  rows: readonly VersionRow[],
): Promise<CatalogVersion[]> {
  const [models, tags, aliases, standings] = [
    await modelsOf(queries, rows),
    await tagsOf(queries, rows),
    await aliasesOf(queries, rows),
    await standingsOf(queries, rows),
  ]
  return rows.map((row) => {
    const key = keyOf(row)
    const model = models.get(row.model)
    if (model === undefined) throw new TypeError(`version without its model: ${key}`)
    return versionOf(row, {
      model: model.name,
      project: model.project,
      tags: Object.fromEntries((tags.get(key) ?? []).map((tag) => [tag.key, tag.value])),
      aliases: (aliases.get(key) ?? []).map(({ alias }) => alias),
      environments: inOrder((standings.get(key) ?? []).map(({ environment }) => environment)),
    })
  })
}

type Attached = Pick<CatalogVersion, 'model' | 'project' | 'tags' | 'aliases' | 'environments'>

function versionOf(row: VersionRow, attached: Attached): CatalogVersion {
  return {
    ...attached,
    version: row.version,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    description: row.description,
    user: row.user_name,
    stage: stageOf(row.stage),
    source: row.source,
    artifactUri: row.artifact_uri,
    runId: row.run_id,
    runLink: row.run_link,
    modelId: row.model_id,
    status: statusOf(row.status),
    statusMessage: row.status_message,
    recordId: row.record_id,
    retiredAtMs: row.retired_at_ms,
  }
}

/** Models with their tags, aliases and the newest versions of each stage, in the order of their rows. */
export async function assembleModels(
  queries: Queries,
  rows: readonly ModelRow[],
): Promise<RegisteredModel[]> {
  const models: RegisteredModel[] = []
  for (const part of chunks(rows)) models.push(...(await assembleModelChunk(queries, part)))
  return models
}

async function assembleModelChunk(
  queries: Queries,
  rows: readonly ModelRow[],
): Promise<RegisteredModel[]> {
  const numbers = rows.map(({ number }) => number)
  const tags = groupBy(
    await queries
      .selectFrom('catalog_model_tags')
      .selectAll()
      .where('model', 'in', numbers)
      .orderBy('key')
      .execute(),
    ({ model }) => model,
  )
  const aliases = groupBy(
    await queries
      .selectFrom('catalog_aliases')
      .selectAll()
      .where('model', 'in', numbers)
      .orderBy('alias')
      .execute(),
    ({ model }) => model,
  )
  const latest = groupBy(await latestRows(queries, numbers), ({ model }) => model)
  const assembled = await assembleVersions(queries, [...latest.values()].flat())
  const versions = groupBy(assembled, ({ model }) => model)
  return rows.map((row) => ({
    name: row.name,
    project: row.project,
    description: row.description,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    tags: Object.fromEntries((tags.get(row.number) ?? []).map((tag) => [tag.key, tag.value])),
    aliases: (aliases.get(row.number) ?? []).map(({ alias, version }) => ({ alias, version })),
    latestVersions: versions.get(row.name) ?? [],
  }))
}

/** Of each model and stage the version with the highest number. */
async function latestRows(queries: Queries, models: readonly number[]): Promise<VersionRow[]> {
  return queries
    .selectFrom('catalog_versions as v')
    .innerJoin(
      (from) =>
        from
          .selectFrom('catalog_versions')
          .select(({ fn }) => ['model', fn.max('version').as('newest')])
          .where('model', 'in', [...models])
          .where('deleted_at_ms', 'is', null)
          .groupBy(['model', 'stage'])
          .as('latest'),
      (join) => join.onRef('latest.model', '=', 'v.model').onRef('latest.newest', '=', 'v.version'),
    )
    .selectAll('v')
    .orderBy('v.model')
    .orderBy('v.version')
    .execute()
}

async function modelsOf(queries: Queries, rows: readonly VersionRow[]) {
  const numbers = [...new Set(rows.map(({ model }) => model))]
  const found =
    numbers.length === 0
      ? []
      : await queries
          .selectFrom('catalog_models')
          .select(['number', 'name', 'project'])
          .where('number', 'in', numbers)
          .execute()
  return new Map(found.map((model) => [model.number, model]))
}

async function tagsOf(queries: Queries, rows: readonly VersionRow[]) {
  if (rows.length === 0) return new Map<string, never[]>()
  const tags = await queries
    .selectFrom('catalog_version_tags')
    .selectAll()
    .where(inVersions(rows))
    .orderBy('key')
    .execute()
  return groupBy(tags, keyOf)
}

async function aliasesOf(queries: Queries, rows: readonly VersionRow[]) {
  if (rows.length === 0) return new Map<string, never[]>()
  const aliases = await queries
    .selectFrom('catalog_aliases')
    .selectAll()
    .where(inVersions(rows))
    .orderBy('alias')
    .execute()
  return groupBy(aliases, keyOf)
}

async function standingsOf(queries: Queries, rows: readonly VersionRow[]) {
  if (rows.length === 0) return new Map<string, never[]>()
  const standings = await queries
    .selectFrom('catalog_standings')
    .selectAll()
    .where(inVersions(rows))
    .execute()
  return groupBy(standings, keyOf)
}

function inVersions(rows: readonly VersionRow[]) {
  const pairs = rows.map(
    ({ model, version }) => sql`(CAST(${model} AS BIGINT), CAST(${version} AS BIGINT))`,
  )
  return sql<boolean>`(model, version) IN (VALUES ${sql.join(pairs)})`
}

function keyOf({ model, version }: { readonly model: number; readonly version: number }): string {
  return `${model}/${version}`
}

function groupBy<T, K>(items: readonly T[], keyOfItem: (item: T) => K): Map<K, T[]> {
  return Map.groupBy(items, keyOfItem)
}

function chunks<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / CHUNK)
  return Array.from({ length: count }, (_, i) => items.slice(i * CHUNK, (i + 1) * CHUNK))
}

function inOrder(names: readonly string[]): Environment[] {
  return ENVIRONMENTS.filter((environment) => names.includes(environment))
}

function stageOf(text: string): Stage {
  return STAGES.find((stage) => stage === text) ?? 'None'
}

function statusOf(text: string): CatalogVersion['status'] {
  return text === 'PENDING_REGISTRATION' || text === 'FAILED_REGISTRATION' ? text : 'READY'
}
