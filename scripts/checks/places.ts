import type { CheckResult } from './check-result.ts'
import { readRepositoryFile, repositoryFiles } from './repository.ts'

/** Paths that exist on one person's machine only; put together so that this file names none. */
const PLACES = [
  ['home', 'root', 'Users', 'work'].map((folder) => `(?<![\\w.$}~:-])/${folder}/\\w`).join('|'),
  `\\.\\./${'shared'}/`,
  `[A-Z]:\\\\${'Users'}`,
].join('|')

const TEXT_FILE = /\.(ts|mjs|js|py|md|json|ya?ml|toml|txt|in|sh)$|^\.|^[^.]*$/

/** The repository speaks of itself alone: no path of the machine it was written on. */
export function checkPlaces(): CheckResult {
  const pattern = new RegExp(PLACES)
  const files = repositoryFiles(TEXT_FILE)
  const faults = files.flatMap((file) =>
    readRepositoryFile(file)
      .split('\n')
      .flatMap((line, index) => {
        const match = pattern.exec(line)
        return match === null ? [] : [`${file}:${index + 1}: a path of one machine: ${match[0]}…`]
      }),
  )
  return { summary: `${files.length} files name no machine's own paths`, faults }
}
