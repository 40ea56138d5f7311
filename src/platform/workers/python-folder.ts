import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Digest, digestOfBytes, digestOfValue } from '../../core/identity/index.ts'

/** The package's `python/` folder; `src/` and `dist/` lie equally deep. */
export const pythonFolder: string = fileURLToPath(new URL('../../../python', import.meta.url))

export const lockFile: string = join(pythonFolder, 'requirements.lock')

/** Digest of the worker's code and its locked requirements. */
export function digestOfWorker(): Digest {
  const code = join(pythonFolder, 'esteira_worker')
  const files = readdirSync(code).filter((name) => name.endsWith('.py'))
  const digests = files.map((name) => [name, digestOfBytes(readFileSync(join(code, name)))])
  return digestOfValue({
    code: Object.fromEntries(digests),
    lock: digestOfBytes(readFileSync(lockFile)),
  })
}
