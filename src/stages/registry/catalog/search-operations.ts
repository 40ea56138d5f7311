import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../platform/database/index.ts'
import {
  among,
  type Condition,
  checkMaxResults,
  isAfter,
  orderBy,
  pageOf,
  placeOf,
  type SortTerm,
  sortColumns,
} from '../../../platform/tracking/filter/index.ts'
import {
  type FilterGrammar,
  MODEL_VERSION_GRAMMAR,
  type OrderTerm,
  parseOrder,
  REGISTERED_MODEL_GRAMMAR,
  type SearchOptions,
} from '../../../platform/tracking/index.ts'
import { assembleModels, assembleVersions } from './assemble-models.ts'
import type { CatalogCore } from './catalog-core.ts'
import { type ModelRow, modelRow, type VersionRow } from './catalog-rows.ts'
import type { ModelCatalog } from './model-catalog.ts'
import { requireStage } from './names.ts'
import { MODEL_COLUMNS, modelFilter, VERSION_COLUMNS, versionFilter } from './search-filter.ts'

type SearchOperations = Pick<ModelCatalog, 'searchModels' | 'searchVersions' | 'latestVersions'>

/** Lists of models and versions, in pages that stay whole while others register. */
export function searchOperations({ database }: CatalogCore): SearchOperations {
  const { queries, dialect } = database
  return {
    async searchModels(options) {
      const filter = modelFilter(dialect, options.filter)
      const page = await search<ModelRow>(database, { ...MODELS, filter, options })
      return { items: await assembleModels(queries, page.rows), nextPageToken: page.nextPageToken }
    },
    async searchVersions(options) {
      const filter = versionFilter(dialect, options.filter)
      const page = await search<VersionRow>(database, { ...VERSIONS, filter, options })
      return {
        items: await assembleVersions(queries, page.rows),
        nextPageToken: page.nextPageToken,
      }
    },
    async latestVersions(name, stages = []) {
      const wanted = stages.map(requireStage)
      const [model] = await assembleModels(queries, [await modelRow(queries, name)])
      const latest = model?.latestVersions ?? []
      return wanted.length === 0 ? latest : latest.filter(({ stage }) => wanted.includes(stage))
    },
  }
}

/** What is searched, and how it is ordered. */
interface Subject {
  readonly grammar: FilterGrammar
  readonly columns: Readonly<Record<string, string>>
  readonly rows: RawBuilder<unknown>
  readonly source: RawBuilder<unknown>
  readonly isActive: Condition
  readonly defaultOrder: readonly OrderTerm[]
  /** Makes every order a total one. */
  readonly tieBreak: readonly OrderTerm[]
}

const by = (key: string, isAscending: boolean): OrderTerm => ({
  kind: 'attribute',
  key,
  isAscending,
})

const MODELS: Subject = {
  grammar: REGISTERED_MODEL_GRAMMAR,
  columns: MODEL_COLUMNS,
  rows: sql`m.*`,
  source: sql`catalog_models m`,
  isActive: sql<boolean>`m.deleted_at_ms IS NULL`,
  defaultOrder: [],
  tieBreak: [by('name', true)],
}

const VERSIONS: Subject = {
  grammar: MODEL_VERSION_GRAMMAR,
  columns: VERSION_COLUMNS,
  rows: sql`v.*`,
  source: sql`catalog_versions v JOIN catalog_models m ON m.number = v.model`,
  isActive: sql<boolean>`v.deleted_at_ms IS NULL`,
  defaultOrder: [by('last_updated_timestamp', false)],
  tieBreak: [by('name', true), by('version_number', false)],
}

interface Search extends Subject {
  readonly filter: readonly Condition[]
  readonly options: SearchOptions
}

async function search<Row extends object>(
  { queries, dialect }: Database,
  { filter, options, ...subject }: Search,
): Promise<{ readonly rows: readonly Row[]; readonly nextPageToken: string | undefined }> {
  const { maxResults, projects } = options
  checkMaxResults(maxResults)
  const order = parseOrder(options.orderBy ?? [], subject.grammar)
  const terms = sortTerms(order, subject)
  const query = [subject.grammar.subject, options.filter ?? '', order, projects ?? null]
  const place = placeOf(query, options.pageToken, terms)
  if (projects?.length === 0) return { rows: [], nextPageToken: undefined }
  const conditions = [
    subject.isActive,
    ...filter,
    ...(projects === undefined ? [] : [among(dialect, sql.ref('m.project'), projects)]),
    ...(place === undefined ? [] : [isAfter(terms, place)]),
  ]
  const { rows } =
    await sql<Row>`SELECT ${subject.rows}, ${sortColumns(terms)} FROM ${subject.source}
    WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY ${orderBy(terms)} LIMIT ${maxResults + 1}`.execute(queries)
  return pageOf(rows, { query, terms, maxResults })
}

function sortTerms(order: readonly OrderTerm[], subject: Subject): SortTerm[] {
  const wanted = order.length > 0 ? order : subject.defaultOrder
  const rest = subject.tieBreak.filter(({ key }) => !wanted.some((term) => term.key === key))
  return [...wanted, ...rest].map(({ key, isAscending }) => {
    const column = subject.columns[key]
    if (column === undefined) throw new TypeError(`no column for ${key}`)
    return {
      expression: sql.ref(column),
      type: key === 'name' ? 'text' : 'integer',
      isAscending,
    }
  })
}
