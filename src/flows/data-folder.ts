import { accessSync, constants, mkdirSync } from 'node:fs'
import { flowErrors } from './errors.ts'

/**
 * Makes the folder that holds all of a project's data, unless it is there; for its owner alone, since
 * whole rows of personal data lie in it.
 * @throws DATA_FOLDER_UNUSABLE when it is a file, or may not be made, read or written
 */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.R_OK | constants.W_OK)
  } catch (cause) {
    throw flowErrors.DATA_FOLDER_UNUSABLE({ folder, reason: reasonOf(cause) }, cause)
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'a file stands in its place'
  return message
}
