import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 200
/** A lock file without its owner's number is being written, unless it is older than this. */
const UNWRITTEN_MS = 10_000

/** True when a process of that number exists, whoever owns it. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Runs `work` while holding a lock file that names its owner; a dead owner's lock is taken away.
 *
 * It spares two makers double work. Should both get in after an owner's death, nothing breaks: each
 * makes a folder of its own, and only one rename can win.
 */
export async function withMakersLock<T>(
  path: string,
  report: (message: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  for (let waited = false; !(await take(path)); waited = true) {
    if (!waited) report('waiting for another process that makes the environment')
    if (await isAbandoned(path)) await rm(path, { force: true })
    else await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const owner = Number(await readFile(path, 'utf8'))
    if (owner > 0) return !isProcessAlive(owner)
    return Date.now() - (await stat(path)).mtimeMs > UNWRITTEN_MS
  } catch {
    return false // it went away meanwhile
  }
}
