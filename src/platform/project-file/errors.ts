import { defineErrors, problem } from '../../core/errors/index.ts'
import type { ProjectIssue } from './issue.ts'
import { issueLines } from './issue.ts'

const CHECK = 'Correct the file, then run `esteira check`.'

export const errors = defineErrors({
  PROJECT_FILE_MISSING: problem<{ folder: string; names: readonly string[] }>({
    status: 404,
    exit: 'usage',
    blame: 'caller',
    message: (d) => `No project file in ${d.folder}: expected one of ${d.names.join(', ')}.`,
    hint: () =>
      'Go to the project folder, or name it with --project <folder>. `esteira schema` prints what a project file may hold.',
  }),
  PROJECT_FILE_AMBIGUOUS: problem<{ folder: string; files: readonly string[] }>({
    status: 409,
    exit: 'usage',
    blame: 'caller',
    message: (d) =>
      `${d.files.length} project files in ${d.folder}: ${d.files.join(', ')}; expected exactly one.`,
    hint: () => 'Keep one of them, or name the file: --project <file>.',
  }),
  PROJECT_FILE_UNREADABLE: problem<{
    file: string
    reason: string
    line: number | undefined
    column: number | undefined
  }>({
    status: 422,
    exit: 'usage',
    blame: 'caller',
    message: (d) =>
      `${d.file}${d.line === undefined ? '' : `:${d.line}:${d.column ?? 1}`} cannot be read: ${d.reason}`,
    hint: () => CHECK,
  }),
  PROJECT_FILE_FAILED: problem<{
    file: string
    reason: string
    line: number | undefined
    column: number | undefined
  }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) =>
      `The code of ${d.file}${d.line === undefined ? '' : `:${d.line}:${d.column ?? 1}`} failed: ${d.reason}`,
    hint: () =>
      'The project file is a program; run it by itself with `node <file>` to see its own trace.',
  }),
  PROJECT_FILE_EXPORT_MISSING: problem<{ file: string; exported: readonly string[] }>({
    status: 422,
    exit: 'usage',
    blame: 'user-code',
    message: (d) =>
      `${d.file} has no default export; it exports ${d.exported.length === 0 ? 'nothing' : d.exported.join(', ')}.`,
    hint: () => 'End the file with `export default defineProject({ … })`.',
  }),
  PROJECT_INVALID: problem<{ file: string; issues: readonly ProjectIssue[] }>({
    status: 422,
    exit: 'usage',
    blame: 'caller',
    message: (d) =>
      `${d.file} has ${d.issues.length === 1 ? 'a mistake' : `${d.issues.length} mistakes`}:\n${issueLines(d.file, d.issues)}`,
    hint: () => CHECK,
  }),
})
