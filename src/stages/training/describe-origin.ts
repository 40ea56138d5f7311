import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { promisify } from 'node:util'
import type { Run } from '../../core/records/index.ts'

const BYTES_PER_MB = 1_048_576
const GIT_TIME_LIMIT_MS = 5_000

/** The machine that a run was fitted on. */
export function describeHardware(): Run['hardware'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / BYTES_PER_MB),
  }
}

/** Version of this package. */
export function esteiraVersion(): string {
  const file = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { version }: { version?: unknown } = JSON.parse(file)
  return typeof version === 'string' ? version : 'unknown'
}

/** Commit of the project's folder; null when it is under no version control (or git is absent). */
export async function gitCommit(folder: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], {
      cwd: folder,
      timeout: GIT_TIME_LIMIT_MS,
    })
    const commit = stdout.trim()
    return /^[0-9a-f]{40,64}$/.test(commit) ? commit : null
  } catch {
    return null
  }
}
