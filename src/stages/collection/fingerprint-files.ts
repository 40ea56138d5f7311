import { existsSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Source } from '../../core/records/index.ts'
import { type FileSource, sourceFiles } from './source-files.ts'

/**
 * A cheap identity of a source's files (path, size, time of change), so that unchanged files are
 * not read again. Null for a source that is not made of files: only fetching tells what it holds.
 *
 * @throws SOURCE_FILES_NOT_FOUND
 */
export async function fingerprintFiles(
  source: Source,
  projectFolder: string,
  name = 'files',
): Promise<unknown> {
  const files = filesOf(source, projectFolder, name)
  if (files === null) return null
  return files.map((file) => {
    const { size, mtimeMs } = statSync(file)
    return { path: relative(projectFolder, file), size, mtimeMs }
  })
}

function filesOf(source: Source, projectFolder: string, name: string): string[] | null {
  if (isFileSource(source)) return sourceFiles(name, source, projectFolder)
  if (source.kind !== 'sql' || !/^sqlite:[^$]*$/.test(source.connection)) return null
  const file = resolve(projectFolder, source.connection.slice('sqlite:'.length))
  return [file, `${file}-wal`].filter((path) => existsSync(path))
}

function isFileSource(source: Source): source is FileSource {
  return 'path' in source
}
