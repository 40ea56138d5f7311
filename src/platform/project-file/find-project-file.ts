import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { errors } from './errors.ts'

/** Names a project file may have, all in the project's own folder. */
export const PROJECT_FILE_NAMES = [
  'esteira.config.ts',
  'esteira.config.mts',
  'esteira.config.js',
  'esteira.config.mjs',
  'esteira.config.json',
  'esteira.config.yaml',
  'esteira.config.yml',
] as const

/**
 * The project file of a folder, or the named file itself. Parent folders are not searched: which
 * project is meant must never depend on where the command happens to stand.
 * @throws PROJECT_FILE_MISSING, PROJECT_FILE_AMBIGUOUS
 */
export function findProjectFile(pathOrFolder: string): string {
  const place = path.resolve(pathOrFolder)
  const stats = statSync(place, { throwIfNoEntry: false })
  if (stats?.isFile() === true) return place
  const present = stats?.isDirectory() === true ? readdirSync(place) : []
  const found = PROJECT_FILE_NAMES.filter((name) => present.includes(name))
  const [only, ...more] = found
  if (only === undefined) {
    throw errors.PROJECT_FILE_MISSING({ folder: place, names: PROJECT_FILE_NAMES })
  }
  if (more.length > 0) throw errors.PROJECT_FILE_AMBIGUOUS({ folder: place, files: found })
  return path.join(place, only)
}
