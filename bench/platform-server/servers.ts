import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A server under measurement, in a process of its own. */
export interface Peer {
  readonly name: string
  readonly baseUrl: string
  /** From the start of the process to the first answer. */
  readonly readyMs: number
  /** Resident memory of the process and its children now, in MiB (Linux). */
  residentMebibytes(): number
  stop(): Promise<void>
}

const READY_WITHIN_MS = 120_000
const STOPPED_WITHIN_MS = 10_000
const COMMAND_LINE = fileURLToPath(new URL('../../src/surfaces/cli/main.ts', import.meta.url))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Our server on a database URL. */
export async function startEsteira(databaseUrl: string, folder: string): Promise<Peer> {
  const port = await freePort()
  const args = ['serve', '--port', String(port), '--data-dir', folder]
  return start('Esteira', process.execPath, {
    port,
    args: [COMMAND_LINE, ...args, '--database-url', databaseUrl],
    cwd: folder,
  })
}

export interface MlflowOptions {
  /** The Python of an environment with MLflow. */
  readonly python: string
  readonly databaseUrl: string
  readonly folder: string
  /** Undefined: MLflow's own default number. */
  readonly workers: number | undefined
}

/** MLflow's server, as its documentation starts it. */
export async function startMlflow(options: MlflowOptions): Promise<Peer> {
  const port = await freePort()
  const { workers } = options
  return start(workers === undefined ? 'MLflow' : `MLflow, ${workers} worker`, options.python, {
    port,
    cwd: options.folder,
    args: [
      ...['-m', 'mlflow', 'server', '--port', String(port), '--host', '127.0.0.1'],
      ...['--backend-store-uri', options.databaseUrl],
      ...['--artifacts-destination', join(options.folder, 'artifacts')],
      ...(workers === undefined ? [] : ['--workers', String(workers)]),
    ],
  })
}

interface StartOptions {
  readonly port: number
  readonly args: readonly string[]
  readonly cwd: string
}

async function start(name: string, command: string, options: StartOptions): Promise<Peer> {
  const { port, args, cwd } = options
  const started = performance.now()
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own, so that the workers end with it.
    detached: true,
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true' },
  })
  let said = ''
  child.stderr?.on('data', (text: Buffer) => {
    said = `${said}${text}`.slice(-4_000)
  })
  const baseUrl = `http://127.0.0.1:${port}`
  while (!(await answers(baseUrl))) {
    if (child.exitCode !== null || performance.now() - started > READY_WITHIN_MS) {
      await stop(child)
      throw new Error(`${name} did not come up: ${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const readyMs = performance.now() - started
  return {
    name,
    baseUrl,
    readyMs,
    residentMebibytes: () => residentMebibytes(child.pid ?? 0),
    stop: () => stop(child),
  }
}

async function answers(baseUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${baseUrl}/health`)).ok
  } catch {
    return false
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const { pid } = child
  const ended = once(child, 'exit')
  process.kill(-pid, 'SIGTERM')
  // A worker in the middle of a long query may not listen.
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), STOPPED_WITHIN_MS)
  await ended
  clearTimeout(timer)
}

function residentMebibytes(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  const own = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  const below = children === '' ? [] : children.split(' ').map(Number)
  return Number(own) / 1024 + below.reduce((sum, child) => sum + residentMebibytes(child), 0)
}
