import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensurePythonEnvironment } from '../../src/platform/workers/index.ts'

const RUNS_FOR_AT_MOST_MS = 120_000

/**
 * The interpreter with the reference client: named by `ESTEIRA_TEST_TRITONCLIENT_PYTHON`, or an
 * environment in the user's cache folder, made when missing.
 */
export async function tritonPython(): Promise<string> {
  const named = process.env.ESTEIRA_TEST_TRITONCLIENT_PYTHON
  if (named) return named
  const { python } = await ensurePythonEnvironment({
    requirements: pathOf('requirements/tritonclient.lock'),
    onProgress: (line) => console.error(`tritonclient for the tests: ${line}`),
  })
  return python
}

export interface PythonRun {
  readonly python: string
  /** A file of `clients/`. */
  readonly program: string
  readonly environment: Readonly<Record<string, string>>
}

/** Runs a client's program. @returns what it told, by name @throws with its error output */
export async function runPython({ python, program, environment }: PythonRun) {
  const child = spawn(python, [pathOf(`clients/${program}`)], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PYTHONDONTWRITEBYTECODE: '1',
      ...environment,
    },
    timeout: RUNS_FOR_AT_MOST_MS,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const facts = stdout.trim().split('\n').at(-1) ?? ''
  if (code !== 0 || !facts.startsWith('{')) {
    throw new Error(`${program} ended with ${code}:\n${stderr.slice(-6_000)}`)
  }
  return JSON.parse(facts) as Readonly<Record<string, unknown>>
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
