export {
  type ColumnCheck,
  type ColumnCheckOptions,
  checkColumns,
  type NotChecked,
} from './check-columns.ts'
export { checkQueries } from './check-queries.ts'
export { errors as projectFileErrors } from './errors.ts'
export { findProjectFile } from './find-project-file.ts'
export { type FollowedProjectFile, followProjectFile } from './following/follow-project-file.ts'
export type { Locate, Position, ProjectIssue, ProjectPath } from './issue.ts'
export { type LoadedProject, loadProject } from './load-project.ts'
export { type JsonSchema, projectJsonSchema } from './project-json-schema.ts'
