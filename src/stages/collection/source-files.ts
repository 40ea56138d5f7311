import { globSync, statSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import type { Source } from '../../core/records/index.ts'
import { errors } from './errors.ts'
import type { Extraction } from './extraction.ts'

export type FileSource = Extract<Source, { path: string | string[] }>

/**
 * Absolute paths of a source's files, each once, sorted by path: the same files give the same rows
 * in the same order on every machine.
 * @throws SOURCE_FILES_NOT_FOUND for the first pattern that matches nothing.
 */
export function sourceFiles(name: string, source: FileSource, projectFolder: string): string[] {
  const files = new Set<string>()
  for (const pattern of [source.path].flat()) {
    const matched = globSync(pattern, { cwd: projectFolder })
      .map((path) => resolve(projectFolder, path))
      .filter((path) => statSync(path).isFile())
    if (matched.length === 0) {
      const folder = resolve(projectFolder)
      throw errors.SOURCE_FILES_NOT_FOUND({ source: name, pattern, folder })
    }
    for (const path of matched) files.add(path)
  }
  return [...files].sort((a, b) => (a < b ? -1 : 1))
}

/** Where files came from, for people: paths relative to the project, at most the first few. */
export function filesOrigin(files: readonly string[], projectFolder: string): string {
  const shown = files.slice(0, 3).map((file) => relative(projectFolder, file) || basename(file))
  const more = files.length - shown.length
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** DuckDB takes `*`, `?` and `[` in a path for a pattern; a bracket around each keeps it literal. */
export function literalPath(path: string): string {
  return path.replace(/[*?[]/g, '[$&]')
}

/** What every file extraction starts with. */
export function extractionFiles(extraction: Extraction<FileSource>): {
  readonly files: readonly string[]
  readonly origin: string
} {
  const files = sourceFiles(extraction.name, extraction.source, extraction.projectFolder)
  return { files, origin: filesOrigin(files, extraction.projectFolder) }
}
