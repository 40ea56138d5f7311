import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, globSync, statfsSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { bytesText } from '../presentation/quantities.ts'
import type { Probe } from './finding.ts'

const run = promisify(execFile)
const PROBE_TIMEOUT_MS = 15_000
const GIGABYTE = 1_000_000_000
const OLDEST_NODE = [22, 18] as const

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

const nodeProbe: Probe = {
  name: 'Node',
  needed: `${OLDEST_NODE.join('.')} or newer`,
  remedy: 'Install a newer Node, or run it with one: npx --package=node@24 node …',
  otherwise: 'missing',
  look: async () => {
    const found = process.versions.node
    return { isGood: isAtLeast(found, OLDEST_NODE), found }
  },
}

const pythonProbe: Probe = {
  name: 'Python',
  needed: '3.11 or newer, with venv',
  remedy:
    'Install Python with venv (Debian, Ubuntu: apt-get install python3 python3-venv), or name another one: ESTEIRA_PYTHON=/path/to/python3.',
  otherwise: 'missing',
  look: async () => {
    const { findPython } = await import('../../../platform/workers/index.ts')
    const { executable, version } = await findPython()
    return { isGood: true, found: `${version}, ${executable}` }
  },
}

const gitProbe: Probe = {
  name: 'git',
  needed: 'any; runs record the commit they were made from',
  remedy: 'Install git, and keep the project in a repository.',
  otherwise: 'warning',
  look: async () => {
    const { stdout } = await run('git', ['--version'], { timeout: PROBE_TIMEOUT_MS })
    return { isGood: true, found: stdout.trim() }
  },
}

const coresProbe: Probe = {
  name: 'cores',
  needed: '2 or more',
  remedy: 'The belt works on one core, only slower.',
  otherwise: 'warning',
  look: async () => {
    const cores = availableParallelism()
    return { isGood: cores >= 2, found: String(cores) }
  },
}

const LEAST_MEMORY = 4 * GIGABYTE
const memoryProbe: Probe = {
  name: 'memory',
  needed: bytesText(LEAST_MEMORY),
  remedy: 'Lower training.memoryLimitMb and training.parallel in the project file.',
  otherwise: 'warning',
  look: async () => ({
    isGood: totalmem() >= LEAST_MEMORY,
    found: `${bytesText(totalmem())}, ${bytesText(freemem())} of it free`,
  }),
}

/** The folder itself, or the nearest of its parents that exists. */
function nearestExisting(folder: string): string {
  const parent = path.dirname(folder)
  return existsSync(folder) || parent === folder ? folder : nearestExisting(parent)
}

const LEAST_DISK = 3 * GIGABYTE

function folderProbes(name: string, folder: string): Probe[] {
  const existing = nearestExisting(folder)
  return [
    {
      name: `${name} writable`,
      needed: folder,
      remedy: `Give this user the right to write there: chown or chmod ${existing}.`,
      otherwise: 'missing',
      look: async () => {
        accessSync(existing, constants.W_OK)
        return { isGood: true, found: existing }
      },
    },
    {
      name: `${name} space`,
      needed: bytesText(LEAST_DISK),
      remedy: `Free some space on the disk of ${existing}.`,
      otherwise: 'warning',
      look: async () => {
        const { bavail, bsize } = statfsSync(existing)
        return { isGood: bavail * bsize >= LEAST_DISK, found: `${bytesText(bavail * bsize)} free` }
      },
    },
  ]
}

/** Folders of finished worker environments: the worker's installer marks them when they are whole. */
function workerEnvironmentProbe(cacheFolder: string): Probe {
  return {
    name: 'worker packages',
    needed: 'installed once a machine, from the locked requirements',
    remedy: 'Nothing to do: the first run installs them and shows its progress.',
    otherwise: 'warning',
    look: async () => {
      const marked = globSync('python/*/esteira-complete.json', { cwd: cacheFolder })
      const folders = marked.map((file) => path.join(cacheFolder, path.dirname(file)))
      return { isGood: folders.length > 0, found: folders.join(', ') || 'not installed yet' }
    },
  }
}

/** What the machine must have: programs, room, power. */
export function machineProbes(options: {
  readonly projectFolder: string
  readonly cacheFolder: string
}): Probe[] {
  return [
    nodeProbe,
    pythonProbe,
    workerEnvironmentProbe(options.cacheFolder),
    gitProbe,
    coresProbe,
    memoryProbe,
    ...folderProbes('project folder', path.join(options.projectFolder, '.esteira')),
    ...folderProbes('cache folder', options.cacheFolder),
  ]
}
