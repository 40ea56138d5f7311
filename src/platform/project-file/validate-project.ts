import { type Project, projectSchema } from '../../core/records/index.ts'
import { describeIssues } from './describe-issues.ts'
import type { Locate, ProjectIssue } from './issue.ts'
import { projectJsonSchema } from './project-json-schema.ts'

export type Validation =
  | { readonly project: Project; readonly issues: readonly [] }
  | { readonly project: undefined; readonly issues: readonly ProjectIssue[] }

/** Checks a project as written against the schema; all mistakes at once, in the file's order. */
export function validateProject(
  value: unknown,
  options: { readonly locate?: Locate } = {},
): Validation {
  const result = projectSchema.safeParse(value)
  if (result.success) return { project: result.data, issues: [] }
  const locate = options.locate ?? (() => undefined)
  const schema = projectJsonSchema()
  const issues = describeIssues(result.error.issues, { schema, value, locate })
  const byLine = (a: ProjectIssue, b: ProjectIssue) => (a.line ?? 0) - (b.line ?? 0)
  return { project: undefined, issues: issues.toSorted(byLine) }
}
