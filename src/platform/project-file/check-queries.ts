import { closestName } from '../../core/errors/index.ts'
import type { Project } from '../../core/records/index.ts'
import type { TableEngine } from '../storage/index.ts'
import { type IssueFacts, type Locate, type ProjectIssue, projectIssue } from './issue.ts'
import { type ProjectQuery, projectQueries } from './project-queries.ts'
import { readSql } from './sql-tables.ts'

function placeInSql(sql: string, offset: number | undefined): string {
  if (offset === undefined) return ''
  const before = sql.slice(0, offset).split('\n')
  return ` at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1} of the SQL`
}

async function checkQuery(
  query: ProjectQuery,
  sources: readonly string[],
  engine: TableEngine,
): Promise<IssueFacts[]> {
  const { path, sql } = query
  const reading = await readSql(engine, sql)
  if (reading.kind === 'invalid') {
    const got = `${reading.reason}${placeInSql(sql, reading.offset)}`
    return [{ path, expected: 'one SELECT statement of DuckDB', got }]
  }
  const readers = reading.readers.map((name) => ({
    path,
    expected: 'only the sources by name, so that every row comes from a snapshot',
    got: `the function ${name}()`,
  }))
  const lowerCase = sources.map((source) => source.toLowerCase())
  const strangers = reading.tables
    .filter((table) => !lowerCase.includes(table.toLowerCase()))
    .map((table) => ({
      path,
      expected: `one of the sources: ${sources.join(', ')}`,
      got: `the table "${table}"`,
      didYouMean: closestName(table, sources),
    }))
  return [...readers, ...strangers]
}

/** Checks that every query is one SELECT over the project's sources. */
export async function checkQueries(
  project: Project,
  options: { readonly engine: TableEngine; readonly locate?: Locate },
): Promise<ProjectIssue[]> {
  const locate = options.locate ?? (() => undefined)
  const sources = Object.keys(project.sources)
  const issues: ProjectIssue[] = []
  for (const query of projectQueries(project)) {
    const facts = await checkQuery(query, sources, options.engine)
    issues.push(...facts.map((fact) => projectIssue(fact, locate)))
  }
  return issues
}
