export {
  type ColumnCheck,
  type ColumnCheckOptions,
  checkColumns,
  type NotChecked,
} from './check-columns.ts'
export { checkQueries } from './check-queries.ts'
export { checkReferences } from './check-references.ts'
export { errors as projectFileErrors } from './errors.ts'
export { findProjectFile, PROJECT_FILE_NAMES } from './find-project-file.ts'
export type { Locate, Position, ProjectIssue, ProjectPath } from './issue.ts'
export { issueLines } from './issue.ts'
export { type LoadedProject, loadProject } from './load-project.ts'
export { type JsonSchema, projectJsonSchema } from './project-json-schema.ts'
export { validateProject } from './validate-project.ts'
