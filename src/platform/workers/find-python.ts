import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { workerErrors } from './errors.ts'

const OLDEST = [3, 11] as const
const NAMES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'] as const
const PROBE =
  'import sys, venv, ensurepip; print(sys.executable); print(*sys.version_info[:3], sep=".")'

export interface FoundPython {
  /** Absolute path of the interpreter. */
  readonly executable: string
  /** Such as `3.11.7`. */
  readonly version: string
}

const run = promisify(execFile)

/**
 * The interpreter that makes the worker's environment: `ESTEIRA_PYTHON`, else the first on the path
 * that is 3.11 or newer and has `venv`.
 * @throws PYTHON_NOT_FOUND
 */
export async function findPython(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<FoundPython> {
  const named = environment.ESTEIRA_PYTHON
  const names = named ? [named] : NAMES
  for (const name of names) {
    const found = await probe(name, environment)
    if (found) return found
  }
  throw workerErrors.PYTHON_NOT_FOUND({ tried: names.join(', ') })
}

async function probe(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<FoundPython | undefined> {
  try {
    const { stdout } = await run(name, ['-c', PROBE], { env: environment, timeout: 20_000 })
    const [executable, version] = stdout.trim().split('\n')
    if (!executable || !version || !isRecent(version)) return undefined
    return { executable, version }
  } catch {
    return undefined
  }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}
