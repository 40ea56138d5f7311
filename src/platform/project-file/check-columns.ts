import { closestName } from '../../core/errors/index.ts'
import type { Expectation, FeatureView, Project } from '../../core/records/index.ts'
import { quoteIdentifier, type TableColumn, type TableEngine } from '../storage/index.ts'
import { checkOnDemand } from './check-on-demand.ts'
import {
  type IssueFacts,
  type Locate,
  type ProjectIssue,
  type ProjectPath,
  projectIssue,
  valueText,
} from './issue.ts'
import { projectQueries } from './project-queries.ts'
import { engineReason, sourceColumns } from './source-columns.ts'
import { readSql } from './sql-tables.ts'

export interface NotChecked {
  /** A source's name, or a query's path. */
  readonly what: string
  readonly why: string
}

export interface ColumnCheck {
  readonly issues: readonly ProjectIssue[]
  /** What could not be looked at, so that a clean check never claims more than it saw. */
  readonly notChecked: readonly NotChecked[]
}

export interface ColumnCheckOptions {
  readonly folder: string
  /** An engine of its own: the sources become empty tables in it. */
  readonly engine: TableEngine
  /** Columns by source of earlier snapshots, for sources that a check does not call. */
  readonly snapshots?: Readonly<Record<string, readonly TableColumn[]>>
  readonly locate?: Locate
}

interface Finding {
  readonly facts: IssueFacts[]
  readonly notChecked: NotChecked[]
}

type Wanted = readonly [path: ProjectPath, column: string]

function missingColumns(wanted: readonly Wanted[], known: readonly string[], where: string) {
  return wanted
    .filter(([, column]) => !known.some((name) => name.toLowerCase() === column.toLowerCase()))
    .map(([path, column]) => ({
      path,
      expected: `a column of ${where}: ${known.join(', ')}`,
      got: `"${column}"`,
      didYouMean: closestName(column, known),
    }))
}

function expectationColumns(expectation: Expectation): readonly string[] {
  if (expectation.expect === 'unique') return expectation.columns
  return expectation.expect === 'row-count' ? [] : [expectation.column]
}

function columnsWantedOfSource(project: Project, name: string): Wanted[] {
  const source = project.sources[name]
  if (source === undefined) return []
  const path = ['sources', name]
  const knownAt: Wanted[] =
    source.knownAt === undefined ? [] : [[[...path, 'knownAt'], source.knownAt]]
  const personal = source.personalData.map(
    (column, index): Wanted => [[...path, 'personalData', index], column],
  )
  const expected = source.expectations.flatMap((expectation, index) =>
    expectationColumns(expectation).map(
      (column): Wanted => [[...path, 'expectations', index], column],
    ),
  )
  return [...knownAt, ...personal, ...expected]
}

function columnsWantedOfView(project: Project, name: string, view: FeatureView): Wanted[] {
  const path = ['featureViews', name]
  const keys = project.entities[view.entity]?.keys ?? []
  return [
    [[...path, 'eventTime'], view.eventTime],
    ...keys.map((key): Wanted => [[...path, 'sql'], key]),
    ...(view.features ?? []).map(
      (feature, index): Wanted => [[...path, 'features', index], feature],
    ),
    ...Object.keys(view.defaults).map(
      (feature): Wanted => [[...path, 'defaults', feature], feature],
    ),
  ]
}

const NUMERIC = /INT|DOUBLE|FLOAT|REAL|DECIMAL|BOOLEAN/

/** Defaults of a view whose kind is not that of their column; types of other kinds say nothing. */
function unfitDefaults(
  project: Project,
  [kind, name]: ProjectPath,
  columns: readonly TableColumn[],
): IssueFacts[] {
  const view = kind === 'featureViews' ? project.featureViews[String(name)] : undefined
  return Object.entries(view?.defaults ?? {}).flatMap(([feature, value]) => {
    const type = columns.find((column) => column.name === feature)?.type ?? ''
    const expected = type === 'VARCHAR' ? 'string' : NUMERIC.test(type) ? 'number' : undefined
    if (expected === undefined || typeof value === expected) return []
    const path = ['featureViews', String(name), 'defaults', feature]
    return [{ path, expected: `a ${expected}, since the column is ${type}`, got: valueText(value) }]
  })
}

/** What the inputs that a query gives hold, by input name; types of other kinds are left out. */
function inputKinds(
  project: Project,
  [kind, name]: ProjectPath,
  columns: readonly TableColumn[],
): (readonly [name: string, kind: 'number' | 'text'])[] {
  const view = kind === 'featureViews' ? project.featureViews[String(name)] : undefined
  const keys = project.entities[view?.entity ?? '']?.keys ?? []
  const isFeature = (column: string) => column !== view?.eventTime && !keys.includes(column)
  const names =
    view === undefined
      ? project.dataset.inputs
      : (view.features ?? columns.map((column) => column.name).filter(isFeature))
  return names.flatMap((input) => {
    const same = (column: TableColumn) => column.name.toLowerCase() === input.toLowerCase()
    const type = columns.find(same)?.type ?? ''
    const is = /^(VARCHAR|UUID|ENUM)/.test(type) ? 'text' : 'number'
    if (is === 'number' && !NUMERIC.test(type)) return []
    return [[view === undefined ? input : `${String(name)}__${input}`, is] as const]
  })
}

function columnsWantedOfDataset({ dataset, problem, entities, featureViews }: Project): Wanted[] {
  const one = (path: ProjectPath, column: string | undefined): Wanted[] =>
    column === undefined ? [] : [[path, column]]
  const list = (field: 'inputs' | 'keep') =>
    dataset[field].map((column, index): Wanted => [['dataset', field, index], column])
  const views = new Set(dataset.features.map((feature) => feature.split('.')[0] ?? ''))
  const keys = [...views].flatMap((view) => entities[featureViews[view]?.entity ?? '']?.keys ?? [])
  const splitColumn = 'column' in dataset.split ? dataset.split.column : undefined
  return [
    ...one(['dataset', 'id'], dataset.id),
    ...one(['problem', 'target'], problem.target),
    ...one(['dataset', 'predictionTime'], dataset.predictionTime),
    ...one(['dataset', 'labelTime'], dataset.labelTime),
    ...one(['dataset', 'split', 'column'], splitColumn),
    ...list('inputs'),
    ...list('keep'),
    ...[...new Set(keys)].map((key): Wanted => [['dataset', 'sql'], key]),
  ]
}

function columnsWantedOfQuery(project: Project, path: ProjectPath): Wanted[] {
  const [kind, name] = path
  const view = project.featureViews[String(name)]
  if (kind === 'featureViews' && view !== undefined) {
    return columnsWantedOfView(project, String(name), view)
  }
  return columnsWantedOfDataset(project)
}

/** Makes every source that can be looked at an empty table, and checks the columns it must have. */
async function checkSources(
  project: Project,
  options: ColumnCheckOptions,
): Promise<Finding & { readonly tables: ReadonlyMap<string, readonly string[]> }> {
  const { folder, engine, snapshots = {} } = options
  const finding: Finding = { facts: [], notChecked: [] }
  const tables = new Map<string, readonly string[]>()
  for (const name of Object.keys(project.sources)) {
    const found = await sourceColumns(name, { project, folder, engine, snapshots })
    if (found.kind === 'unknown') finding.notChecked.push({ what: name, why: found.why })
    else if (found.kind === 'broken') {
      const { expected, got } = found
      finding.facts.push({ path: ['sources', name, 'path'], expected, got })
    } else {
      const names = found.columns.map((column) => column.name)
      const typed = found.columns.map(({ name, type }) => `${quoteIdentifier(name)} ${type}`)
      await engine.execute(`CREATE TABLE ${quoteIdentifier(name)} (${typed.join(', ')})`)
      tables.set(name.toLowerCase(), names)
      const wanted = columnsWantedOfSource(project, name)
      finding.facts.push(...missingColumns(wanted, names, `source "${name}"`))
    }
  }
  return { ...finding, tables }
}

const MISSING_COLUMN =
  /[Cc]olumn (?:named )?"([^"]+)" ?(?:not found|in FROM|$)|column named "([^"]+)"/

function queryFailure(path: ProjectPath, error: unknown, known: readonly string[]): IssueFacts {
  const reason = engineReason(error)
  const match = MISSING_COLUMN.exec(reason)
  const column = match?.[1] ?? match?.[2]
  return {
    path,
    expected: 'SQL that fits the columns of the sources',
    got: reason,
    didYouMean: column === undefined ? undefined : closestName(column, known),
  }
}

/** Checks every column that the project names against the sources as they are now. */
export async function checkColumns(
  project: Project,
  options: ColumnCheckOptions,
): Promise<ColumnCheck> {
  const { engine, locate = () => undefined } = options
  const { facts, notChecked, tables } = await checkSources(project, options)
  const kinds = new Map<string, 'number' | 'text'>()
  for (const { path, sql } of projectQueries(project)) {
    const reading = await readSql(engine, sql)
    const read = reading.kind === 'query' ? reading.tables.map((name) => name.toLowerCase()) : []
    const unseen = read.filter((table) => !tables.has(table))
    if (unseen.length > 0) {
      notChecked.push({
        what: path.join('.'),
        why: `the columns of ${unseen.join(', ')} are not known`,
      })
      continue
    }
    try {
      const columns = await engine.describe(sql)
      const names = columns.map((column) => column.name)
      facts.push(...missingColumns(columnsWantedOfQuery(project, path), names, path.join('.')))
      facts.push(...unfitDefaults(project, path, columns))
      for (const [name, kind] of inputKinds(project, path, columns)) kinds.set(name, kind)
    } catch (error) {
      const known = read.flatMap((table) => tables.get(table) ?? [])
      facts.push(queryFailure(path, error, known))
    }
  }
  facts.push(...checkOnDemand(project, kinds))
  return { issues: facts.map((fact) => projectIssue(fact, locate)), notChecked }
}
