import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Digest, digestOfValue } from '../../core/identity/index.ts'
import type { Project } from '../../core/records/index.ts'
import { checkReferences } from './check-references.ts'
import { runCodeFile } from './code-file.ts'
import { type ProjectDocument, readDocument } from './document-file.ts'
import { errors } from './errors.ts'
import { findProjectFile } from './find-project-file.ts'
import type { Locate } from './issue.ts'
import { validateProject } from './validate-project.ts'

export interface LoadedProject {
  readonly project: Project
  /** Absolute path of the project file. */
  readonly file: string
  /** Absolute path of its folder; every relative path in the project starts here. */
  readonly folder: string
  /** Digest of the project with all defaults filled in: what it says, not how it is written. */
  readonly digest: Digest
  readonly locate: Locate
}

async function readProjectFile(
  file: string,
  onFile: (file: string) => void,
): Promise<ProjectDocument> {
  onFile(file)
  return /\.(json|ya?ml)$/.test(file)
    ? readDocument(file, readFileSync(file, 'utf8'))
    : runCodeFile(file, onFile)
}

/**
 * Reads and validates the project of a folder, or a named project file.
 * @param onFile told of the project file and of what it imports, even when one of them fails
 * @throws PROJECT_FILE_MISSING, PROJECT_FILE_AMBIGUOUS, PROJECT_FILE_UNREADABLE,
 *   PROJECT_FILE_FAILED, PROJECT_FILE_EXPORT_MISSING, PROJECT_INVALID
 */
export async function loadProject(
  pathOrFolder: string,
  onFile: (file: string) => void = () => {},
): Promise<LoadedProject> {
  const file = findProjectFile(pathOrFolder)
  const { value, locate } = await readProjectFile(file, onFile)
  const { project, issues } = validateProject(value, { locate })
  if (project === undefined) throw errors.PROJECT_INVALID({ file, issues })
  const wrongReferences = checkReferences(project, { locate })
  if (wrongReferences.length > 0) throw errors.PROJECT_INVALID({ file, issues: wrongReferences })
  return { project, file, folder: path.dirname(file), digest: digestOfValue(project), locate }
}
