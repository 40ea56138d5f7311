import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from '../../../platform/database/index.ts'
import type { SearchOptions } from '../../../platform/tracking/index.ts'
import { assembleModels, assembleVersions } from './assemble-models.ts'
import type { CatalogCore } from './catalog-core.ts'
import { type ModelRow, modelRow, type VersionRow } from './catalog-rows.ts'
import { catalogErrors } from './errors.ts'
import type { ModelCatalog } from './model-catalog.ts'
import { requireStage } from './names.ts'
import { readPageToken, writePageToken } from './page-token.ts'
import { modelFilter, versionFilter } from './search-filter.ts'
import {
  afterPosition,
  orderClause,
  type SortColumn,
  type SortField,
  sortColumns,
} from './search-order.ts'

type SearchOperations = Pick<ModelCatalog, 'searchModels' | 'searchVersions' | 'latestVersions'>

const field = (name: string, column: string, isNumber = true): SortField => ({
  name,
  column: sql.ref(column),
  isNumber,
})

const MODEL_FIELDS = {
  name: field('name', 'm.name', false),
  creation_timestamp: field('created_at_ms', 'm.created_at_ms'),
  last_updated_timestamp: field('updated_at_ms', 'm.updated_at_ms'),
  timestamp: field('updated_at_ms', 'm.updated_at_ms'),
}

const VERSION_FIELDS = {
  name: field('name', 'm.name', false),
  version_number: field('version', 'v.version'),
  creation_timestamp: field('created_at_ms', 'v.created_at_ms'),
  last_updated_timestamp: field('updated_at_ms', 'v.updated_at_ms'),
}

const MODEL_TIE_BREAK: readonly SortColumn[] = [{ ...MODEL_FIELDS.name, descending: false }]
const VERSION_TIE_BREAK: readonly SortColumn[] = [
  { ...VERSION_FIELDS.name, descending: false },
  { ...VERSION_FIELDS.version_number, descending: true },
]
const NEWEST_FIRST = ['last_updated_timestamp DESC', 'name ASC', 'version_number DESC']

/** Lists of models and versions, in pages that stay whole while others register. */
export function searchOperations({ database }: CatalogCore): SearchOperations {
  const { queries, dialect } = database
  return {
    async searchModels(options) {
      const query = modelSearch(dialect, options)
      const { rows } = await query.statement.execute(queries)
      const page = cut(rows, query, options.maxResults)
      return { items: await assembleModels(queries, page.rows), nextPageToken: page.token }
    },
    async searchVersions(options) {
      const query = versionSearch(dialect, options)
      const { rows } = await query.statement.execute(queries)
      const page = cut(rows, query, options.maxResults)
      return { items: await assembleVersions(queries, page.rows), nextPageToken: page.token }
    },
    async latestVersions(name, stages = []) {
      const wanted = stages.map(requireStage)
      const [model] = await assembleModels(queries, [await modelRow(queries, name)])
      const latest = model?.latestVersions ?? []
      return wanted.length === 0 ? latest : latest.filter(({ stage }) => wanted.includes(stage))
    },
  }
}

interface Search<Row> {
  readonly statement: RawBuilder<Row>
  readonly columns: readonly SortColumn[]
  /** What a page token is bound to. */
  readonly identity: unknown
}

type SortedVersionRow = VersionRow & { readonly name: string }

function modelSearch(dialect: Dialect, options: SearchOptions): Search<ModelRow> {
  const columns = sortColumns({
    orderBy: options.orderBy ?? [],
    fields: MODEL_FIELDS,
    tieBreak: MODEL_TIE_BREAK,
  })
  const identity = identityOf('models', options)
  const conditions = [
    sql<boolean>`m.deleted_at_ms IS NULL`,
    ...inProjects(options),
    ...modelFilter(dialect, options.filter),
    ...afterToken(columns, identity, options),
  ]
  const statement = sql<ModelRow>`SELECT m.* FROM catalog_models m
    WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY ${orderClause(columns)} LIMIT ${pageSize(options) + 1}`
  return { statement, columns, identity }
}

function versionSearch(dialect: Dialect, options: SearchOptions): Search<SortedVersionRow> {
  const orderBy = options.orderBy ?? []
  const columns = sortColumns({
    orderBy: orderBy.length === 0 ? NEWEST_FIRST : orderBy,
    fields: VERSION_FIELDS,
    tieBreak: VERSION_TIE_BREAK,
  })
  const identity = identityOf('versions', options)
  const conditions = [
    sql<boolean>`v.deleted_at_ms IS NULL`,
    ...inProjects(options),
    ...versionFilter(dialect, options.filter),
    ...afterToken(columns, identity, options),
  ]
  const statement = sql<SortedVersionRow>`SELECT v.*, m.name AS name
    FROM catalog_versions v JOIN catalog_models m ON m.number = v.model
    WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY ${orderClause(columns)} LIMIT ${pageSize(options) + 1}`
  return { statement, columns, identity }
}

function identityOf(kind: string, { filter, orderBy, projects }: SearchOptions): unknown {
  return { kind, filter: filter ?? '', orderBy: orderBy ?? [], projects: projects ?? null }
}

function inProjects({ projects }: SearchOptions): RawBuilder<boolean>[] {
  if (projects === undefined) return []
  if (projects.length === 0) return [sql<boolean>`1 = 0`]
  return [sql<boolean>`m.project IN (${sql.join([...projects])})`]
}

function afterToken(
  columns: readonly SortColumn[],
  identity: unknown,
  { pageToken }: SearchOptions,
): RawBuilder<boolean>[] {
  if (pageToken === undefined || pageToken === '') return []
  return [afterPosition(columns, readPageToken(identity, pageToken))]
}

function pageSize({ maxResults }: SearchOptions): number {
  if (Number.isSafeInteger(maxResults) && maxResults > 0) return maxResults
  throw catalogErrors.MODEL_SEARCH_INVALID({ reason: `a page cannot hold ${maxResults} results` })
}

function cut<Row extends object>(
  rows: readonly Row[],
  { columns, identity }: Search<Row>,
  maxResults: number,
): { readonly rows: readonly Row[]; readonly token: string | undefined } {
  const shown = rows.slice(0, maxResults)
  const last = shown.at(-1)
  if (rows.length <= maxResults || last === undefined) return { rows: shown, token: undefined }
  const values = new Map<string, unknown>(Object.entries(last))
  const after = columns.map(({ name }) => {
    const value = values.get(name)
    return typeof value === 'number' ? value : String(value)
  })
  return { rows: shown, token: writePageToken(identity, after) }
}
