import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { clientPython, runClient } from './run-client.ts'

/** What `import_source.py` has logged. */
export interface Filled {
  readonly runs: readonly string[]
  readonly model: string
  readonly gone: string
  readonly default: string
}

export interface MlflowServer {
  readonly url: string
  /** `sqlite:////…`, as SQLAlchemy writes it. */
  readonly databaseUrl: string
  /** Its artifacts destination. */
  readonly artifacts: string
  stop(): Promise<void>
}

/** A real MLflow 3 server on SQLite, with a folder of its own. */
export async function startMlflow(): Promise<MlflowServer> {
  const folder = mkdtempSync(join(tmpdir(), 'esteira-mlflow-source-'))
  const artifacts = join(folder, 'artifacts')
  const databaseUrl = `sqlite:///${join(folder, 'mlflow.db')}`
  const port = await freePort()
  const places = ['--backend-store-uri', databaseUrl, '--artifacts-destination', artifacts]
  const address = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1']
  const child = spawn(
    await clientPython('3'),
    ['-m', 'mlflow', 'server', ...places, ...address],
    // A group of its own: the server starts workers.
    { cwd: folder, detached: true, stdio: 'ignore', env: { ...process.env, ...QUIET } },
  )
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  for (let tries = 0; tries < 600; tries++) {
    const answer = await fetch(`${url}/health`).catch(() => undefined)
    if (answer?.ok) return { url, databaseUrl, artifacts, stop }
    if (child.exitCode !== null) break
    await setTimeout(200)
  }
  await stop()
  throw new Error(`the MLflow server did not start (${child.exitCode})`)
}

const QUIET = { MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' }

/** Fills a server or a database with the real client. */
export async function fill(url: string, environment: Record<string, string>): Promise<Filled> {
  const program = 'import_source.py'
  const facts = await runClient({ version: '3', program, url, environment })
  if (!isFilled(facts)) throw new Error(`unexpected facts: ${JSON.stringify(facts)}`)
  return facts
}

function isFilled(facts: object): facts is Filled {
  return 'runs' in facts && 'model' in facts && 'gone' in facts && 'default' in facts
}

/** A port that nobody has right now. */
export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
