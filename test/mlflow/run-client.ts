import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensurePythonEnvironment } from '../../src/platform/workers/index.ts'

/** The current MLflow client, and the last one of version 2. */
export const CLIENTS = ['3', '2'] as const
export type ClientVersion = (typeof CLIENTS)[number]

const RUNS_FOR_AT_MOST_MS = 180_000

/**
 * The interpreter with an MLflow client of that version: named by `ESTEIRA_TEST_MLFLOW_3_PYTHON` (or
 * `_2_`), or an environment in the user's cache folder, made when missing.
 */
export async function clientPython(version: ClientVersion): Promise<string> {
  const named = process.env[`ESTEIRA_TEST_MLFLOW_${version}_PYTHON`]
  if (named) return named
  const { python } = await ensurePythonEnvironment({
    requirements: pathOf(`requirements/mlflow-${version}.lock`),
    onProgress: (line) => console.error(`MLflow ${version} for the tests: ${line}`),
  })
  return python
}

/** What a test program told, by name. */
export type Facts = Readonly<Record<string, unknown>>

export interface ClientRun {
  readonly version: ClientVersion
  /** A file of `clients/`. */
  readonly program: string
  /** Of the server. */
  readonly url: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs a program with the real client against a server. @throws with its error output */
export async function runClient(run: ClientRun): Promise<Facts> {
  const python = await clientPython(run.version)
  const { code, stdout, stderr } = await execute(python, run)
  const facts = stdout.trim().split('\n').at(-1) ?? ''
  if (code !== 0 || !facts.startsWith('{')) {
    throw new Error(`${run.program} ended with ${code}:\n${stderr.slice(-6_000)}`)
  }
  return JSON.parse(facts)
}

interface Ended {
  readonly code: number | string | null
  readonly stdout: string
  readonly stderr: string
}

function execute(python: string, { program, url, environment }: ClientRun): Promise<Ended> {
  const child = spawn(python, [pathOf(`clients/${program}`)], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      MLFLOW_TRACKING_URI: url,
      PYTHONDONTWRITEBYTECODE: '1',
      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false',
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      GIT_PYTHON_REFRESH: 'quiet',
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
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr }))
  })
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
