import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { digestOfFile } from '../../core/identity/index.ts'
import { workerErrors } from './errors.ts'
import { findPython } from './find-python.ts'
import { isProcessAlive, withMakersLock } from './makers-lock.ts'
import { lockFile } from './python-folder.ts'

const MARKER = 'esteira-complete.json'
const LOG_LINES = 8

export interface EnvironmentOptions {
  /** Lines for people while something is installed. */
  readonly onProgress?: (message: string) => void
  /** Hash-locked requirements; the worker's own when absent. */
  readonly requirements?: string
  /** Default: `ESTEIRA_CACHE_DIR`, else `$XDG_CACHE_HOME/esteira`, else `~/.cache/esteira`. */
  readonly cacheFolder?: string
}

export interface PythonEnvironment {
  /** Path of the environment's interpreter. */
  readonly python: string
  /** False when it was there already. */
  readonly created: boolean
}

/**
 * The worker's own virtual environment, made once a machine, lock file and Python version.
 *
 * It is made in a folder beside and renamed when whole, so one that was cut off is never used; two
 * makers at once wait for each other. Only wheels with the locked hashes are installed.
 * @throws PYTHON_NOT_FOUND, PYTHON_ENVIRONMENT_FAILED
 */
export async function ensurePythonEnvironment(
  options: EnvironmentOptions = {},
): Promise<PythonEnvironment> {
  const found = await findPython()
  const requirements = options.requirements ?? lockFile
  const digest = (await digestOfFile(requirements)).slice(0, 12)
  const version = found.version.split('.').slice(0, 2).join('.')
  const folder = join(options.cacheFolder ?? cacheFolder(), 'python', `${digest}-py${version}`)
  const python = join(folder, 'bin', 'python')
  if (isWhole(folder)) return { python, created: false }
  const report = options.onProgress ?? (() => undefined)
  await mkdir(dirname(folder), { recursive: true })
  const created = await withMakersLock(`${folder}.lock`, report, async () => {
    if (isWhole(folder)) return false
    await removeLeftovers(folder)
    await makeEnvironment({ executable: found.executable, folder, requirements, report })
    return true
  })
  return { python, created }
}

function isWhole(folder: string): boolean {
  return existsSync(join(folder, MARKER))
}

function cacheFolder(): string {
  const own = process.env.ESTEIRA_CACHE_DIR
  if (own) return own
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'esteira')
}

interface Making {
  readonly executable: string
  readonly folder: string
  readonly requirements: string
  readonly report: (message: string) => void
}

async function makeEnvironment(plan: Making): Promise<void> {
  const { executable, folder, requirements, report } = plan
  const making = `${folder}.making-${process.pid}`
  const python = join(making, 'bin', 'python')
  try {
    report('creating a virtual environment for the worker')
    await step('venv', executable, ['-m', 'venv', making], report)
    const count = await countRequirements(requirements)
    let collected = 0
    await step('pip install', python, pipArguments(requirements), (line) => {
      const source = /^(?:Collecting|Processing) (\S+)/.exec(line)?.[1]
      if (source) report(`fetching ${basename(source)} (${++collected} of ${count})`)
      else if (line.startsWith('Installing')) report(`installing ${count} packages`)
    })
    await step('pip check', python, ['-m', 'pip', 'check'], () => undefined)
    await writeFile(join(making, MARKER), JSON.stringify({ packages: count, python: executable }))
    // The scripts in bin/ keep the old folder's name; only the interpreter itself is ever run.
    await rename(making, folder)
    report('the worker environment is ready')
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

function pipArguments(requirements: string): string[] {
  const strict = ['--require-hashes', '--only-binary', ':all:', '--no-deps']
  const quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off']
  return ['-m', 'pip', 'install', ...strict, ...quiet, '-r', requirements]
}

async function countRequirements(requirements: string): Promise<number> {
  const text = await readFile(requirements, 'utf8')
  return text.split('\n').filter((line) => /^[A-Za-z0-9]/.test(line)).length
}

function step(
  name: string,
  command: string,
  parameters: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
    const last: string[] = []
    const keep = (line: string) => {
      last.push(line)
      if (last.length > LOG_LINES) last.shift()
    }
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ERROR')) keep(line)
      onLine(line)
    })
    createInterface({ input: child.stderr }).on('line', keep)
    const fail = (reason: string, cause?: unknown) =>
      reject(workerErrors.PYTHON_ENVIRONMENT_FAILED({ step: name, reason }, cause))
    child.on('error', (error) => fail(error.message, error))
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else fail(last.join(' | ') || `ended with ${signal ?? `exit code ${code}`}`)
    })
  })
}

/** What makers that are no longer alive have left, and a folder that is not whole. */
async function removeLeftovers(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  const prefix = `${basename(folder)}.making-`
  for (const name of await readdir(dirname(folder))) {
    if (name.startsWith(prefix) && !isProcessAlive(Number(name.slice(prefix.length)))) {
      await rm(join(dirname(folder), name), { recursive: true, force: true })
    }
  }
}
