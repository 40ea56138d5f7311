/** The package's front door: what a project file needs. */
export type { Project, ProjectInput } from './core/records/index.ts'
export * from './platform/project-file/authoring/index.ts'
