import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's root folder: the same distance from source and from the build. */
export const PACKAGE_FOLDER: string = path.resolve(
  path.dirname(fileURLToPath(import.meta.url)),
  '../../..',
)

/** The version in package.json. */
export function packageVersion(): string {
  const text = readFileSync(path.join(PACKAGE_FOLDER, 'package.json'), 'utf8')
  const { version }: { version?: unknown } = JSON.parse(text)
  return String(version)
}
