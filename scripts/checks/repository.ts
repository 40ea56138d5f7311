import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** The repository's root folder. */
export const ROOT: string = path.resolve(import.meta.dirname, '..', '..')

function isFile(file: string): boolean {
  return statSync(path.join(ROOT, file), { throwIfNoEntry: false })?.isFile() === true
}

/** Files that git knows or would add, relative to the root, sorted. */
export function repositoryFiles(pattern: RegExp): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20 })
  const files = listed.split('\0').filter((file) => pattern.test(file))
  return files.filter(isFile).toSorted()
}

export function readRepositoryFile(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}
