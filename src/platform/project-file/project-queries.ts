import type { Project } from '../../core/records/index.ts'
import type { ProjectPath } from './issue.ts'

/** One piece of SQL that the table engine runs. */
export interface ProjectQuery {
  readonly path: ProjectPath
  readonly sql: string
}

/** The dataset's and every feature view's SQL. A database source's query is its own engine's. */
export function projectQueries(project: Project): ProjectQuery[] {
  const views = Object.entries(project.featureViews).map(([name, view]) => ({
    path: ['featureViews', name, 'sql'],
    sql: view.sql,
  }))
  return [...views, { path: ['dataset', 'sql'], sql: project.dataset.sql }]
}
