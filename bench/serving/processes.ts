import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import path from 'node:path'

/** Where a process may run: the servers' core, the generator's, or anywhere. */
export type Place = 'server' | 'generator' | 'anywhere'

export interface RunningServer {
  /** What it printed first, as JSON; nothing when it was asked for over HTTP. */
  readonly said: Readonly<Record<string, unknown>>
  /** Processor time of the process and all below it, in seconds (Linux). */
  cpuSeconds(): number
  /** Resident memory of the process and all below it, in MiB (Linux). */
  residentMebibytes(): number
  /** Those that answer: its workers when it has some, else itself (Linux). */
  answering(): readonly number[]
  /** Settled when it has no process beside its answers any more, such as a compaction (Linux). */
  quiet(): Promise<void>
  /** Undefined while it runs. */
  exitCode(): number | null | undefined
  stop(): Promise<void>
}

export interface StartOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly place: Place
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Asked until it answers 200; without it the first line of output in JSON says that it is ready. */
  readonly readyUrl?: string
}

const READY_WITHIN_MS = 120_000
const STOPPED_WITHIN_MS = 15_000
const QUIET_WITHIN_MS = 60_000
/** Of /proc, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const SAID_CHARACTERS = 4_000

/** Whether processes can be kept on cores of their own here. */
export function canPin(): boolean {
  return availableParallelism() >= 2 && spawnSync('taskset', ['--version']).status === 0
}

/** A command as it is started at a place. */
export function placed(place: Place, command: string, args: readonly string[]) {
  if (place === 'anywhere' || !canPin()) return { command, args: [...args] }
  return { command: 'taskset', args: ['-c', place === 'server' ? '0' : '1', command, ...args] }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Starts a server in a process group of its own, and waits until it answers. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { command, args } = placed(options.place, options.command, options.args)
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...options.environment },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const pid = child.pid ?? 0
  const killGroup = () => signalGroup(pid, 'SIGKILL')
  process.once('exit', killGroup)
  child.once('exit', () => process.off('exit', killGroup))
  const output = listenTo(child)
  const stop = () => stopGroup(child)
  const url = options.readyUrl
  const started = performance.now()
  while (!(url === undefined ? output.said() !== undefined : await answers(url))) {
    if (child.exitCode !== null || performance.now() - started > READY_WITHIN_MS) {
      await stop()
      throw new Error(`${options.name} did not come up: ${output.tail()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    said: output.said() ?? {},
    cpuSeconds: () => sumOver(pid, cpuSecondsOf),
    residentMebibytes: () => sumOver(pid, residentOf),
    async quiet() {
      const until = performance.now() + QUIET_WITHIN_MS
      while (childrenOf(pid).some(isBeside) && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    answering() {
      const workers = childrenOf(pid).filter(isWorker)
      return workers.length === 0 ? [pid] : workers
    },
    exitCode: () =>
      child.exitCode === null && child.signalCode === null ? undefined : child.exitCode,
    stop,
  }
}

/**
 * Runs a program of ours to its end, its errors kept or shown.
 * @returns the JSON that it printed
 */
export async function runToEnd(
  place: Place,
  args: readonly string[],
  errors: 'keep' | 'show' = 'keep',
): Promise<Readonly<Record<string, unknown>>> {
  const { command, args: all } = placed(place, process.execPath, args)
  const stderr = errors === 'keep' ? 'pipe' : 'inherit'
  const child = spawn(command, all, { stdio: ['ignore', 'pipe', stderr] })
  const output = listenTo(child)
  await once(child, 'close')
  const said = output.said()
  if (child.exitCode !== 0 || said === undefined) {
    throw new Error(
      `${path.basename(args[0] ?? '')} ended with ${child.exitCode}: ${output.tail()}`,
    )
  }
  return said
}

/** Writes a job beside others and gives its file's path. */
export function writeJob(folder: string, name: string, job: object): string {
  const file = path.join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.job.json`)
  writeFileSync(file, JSON.stringify(job))
  return file
}

function listenTo(child: ChildProcess) {
  let stdout = ''
  let tail = ''
  let json: Readonly<Record<string, unknown>> | undefined
  const keep = (chunk: Buffer) => {
    tail = `${tail}${chunk}`.slice(-SAID_CHARACTERS)
  }
  child.stderr?.on('data', keep)
  child.stdout?.on('data', (chunk: Buffer) => {
    keep(chunk)
    if (json !== undefined) return
    stdout += chunk
    json = parsed(stdout)
  })
  return { said: () => json, tail: () => tail }
}

/** A document over one line or several; what is no JSON yet may become it. */
function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  const from = text.indexOf('{')
  if (from < 0) return undefined
  try {
    return JSON.parse(text.slice(from)) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // It is gone already.
  }
}

/** Asks the process, which asks its own; who does not listen is killed, with all that it started. */
async function stopGroup(child: ChildProcess): Promise<void> {
  const { pid } = child
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  child.kill('SIGTERM')
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOPPED_WITHIN_MS)
  await ended
  clearTimeout(timer)
  signalGroup(pid, 'SIGKILL')
}

function sumOver(pid: number, figure: (pid: number) => number): number {
  return childrenOf(pid).reduce((sum, child) => sum + sumOver(child, figure), figure(pid))
}

function childrenOf(pid: number): readonly number[] {
  const children = `/proc/${pid}/task/${pid}/children`
  const below = existsSync(children) ? readFileSync(children, 'utf8').trim() : ''
  return below === '' ? [] : below.split(' ').map(Number)
}

function isWorker(pid: number): boolean {
  return commandOf(pid).includes('worker-process')
}

function isBeside(pid: number): boolean {
  return /(?:compact|watch)-process/.test(commandOf(pid))
}

function commandOf(pid: number): string {
  const file = `/proc/${pid}/cmdline`
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function cpuSecondsOf(pid: number): number {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return 0
  // The name in brackets may hold blanks; what follows it may not.
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function residentOf(pid: number): number {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return 0
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) / 1024
}
