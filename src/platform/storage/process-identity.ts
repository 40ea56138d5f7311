import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /** The kernel's start time of the process, as text; empty where the system tells none. */
  readonly started: string
}

export function currentProcess(): ProcessIdentity {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? '' }
}

/** One word that is fit for a file name. */
export function processTag({ pid, host, started }: ProcessIdentity): string {
  return [String(pid), host, started].map(encodeURIComponent).join('~')
}

/** The identity that a name starting with `processTag` carries; undefined for other names. */
export function processOfTag(name: string): ProcessIdentity | undefined {
  const [pid, host, started] = name.split('~')
  if (pid === undefined || !/^[1-9]\d*$/.test(pid) || !host || started === undefined)
    return undefined
  return { pid: Number(pid), host: decodeURIComponent(host), started: decodeURIComponent(started) }
}

/** False only when it is certain that the process has ended; a process of another host counts as alive. */
export function mayBeAlive(identity: ProcessIdentity): boolean {
  if (identity.host !== hostname()) return true
  const started = startOf(identity.pid)
  if (started === undefined) return false
  return identity.started === '' || started === '' || started === identity.started
}

/** Start of a running process; '' when it runs but its start is not known; undefined when it does not run. */
function startOf(pid: number): string | undefined {
  if (!isRunning(pid)) return undefined
  if (process.platform === 'linux') return linuxStart(pid)
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields after the command's name, which may hold spaces; state is field 3, start is field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended; only its parent has not looked yet.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : (fields[19] ?? '')
  } catch {
    return undefined
  }
}
