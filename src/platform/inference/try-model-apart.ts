import { type ChildProcess, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ModelSignature } from '../../core/records/index.ts'
import { inferenceErrors } from './errors.ts'

const PROGRAM = path.join(
  import.meta.dirname,
  `try-model-process${path.extname(import.meta.filename)}`,
)
const PAGE_BYTES = 4_096
const LOOK_EVERY_MS = 20

export interface TrialLimits {
  /** @default 10,000 */
  readonly milliseconds?: number
  /** Resident memory of the trial's process; looked at on Linux only. @default 2 GiB */
  readonly bytes?: number
}

interface Trial {
  readonly path: string
  readonly digest: string
  readonly signature: ModelSignature
  readonly limits?: TrialLimits | undefined
}

/** Digests that passed: a model that is loaded again needs no second trial. */
const passedDigests = new Set<string>()

/**
 * Lets a model answer an ordinary row in a process of its own, which is ended when it takes too long
 * or too much memory: a model runs on the caller's thread, where nothing could stop it.
 * @throws MODEL_NOT_ALLOWED when it passes a limit or ends the process, MODEL_CORRUPT when it fails
 */
export async function tryModelApart({
  path: model,
  digest,
  signature,
  limits,
}: Trial): Promise<void> {
  if (passedDigests.has(digest)) return
  const { milliseconds = 10_000, bytes = 2 * 1024 ** 3 } = limits ?? {}
  const child = fork(PROGRAM, [model, digest, JSON.stringify(signature)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: trialEnvironment(),
  })
  let overrun: string | undefined
  const end = (limit: string) => {
    overrun = limit
    child.kill('SIGKILL')
  }
  const clock = setTimeout(
    () => end(`it gave no answer to an ordinary row within ${milliseconds} ms`),
    milliseconds,
  )
  const watch = setInterval(async () => {
    if ((await residentBytes(child)) > bytes) {
      end(`it took more than ${bytes} bytes of memory for an ordinary row`)
    }
  }, LOOK_EVERY_MS)
  try {
    const told = await lastMessage(child)
    if (told === 'answered') {
      passedDigests.add(digest)
      return
    }
    if (overrun !== undefined) throw inferenceErrors.MODEL_NOT_ALLOWED({ model, reason: overrun })
    if (typeof told === 'object' && told !== null && 'reason' in told) {
      throw inferenceErrors.MODEL_CORRUPT({ model, reason: `its trial failed (${told.reason})` })
    }
    const reason = 'it ended the process that tried it'
    throw inferenceErrors.MODEL_NOT_ALLOWED({ model, reason })
  } finally {
    clearTimeout(clock)
    clearInterval(watch)
  }
}

/** What a program needs to run: a model that breaks out of its engine shall find no secrets. */
function trialEnvironment(): NodeJS.ProcessEnv {
  const needed = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'SYSTEMROOT']
  return Object.fromEntries(needed.map((name) => [name, process.env[name]]))
}

function lastMessage(child: ChildProcess): Promise<unknown> {
  let told: unknown
  child.on('message', (message) => {
    told = message
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(told))
  })
}

/** 0 where the system does not tell, or when the process has ended. */
async function residentBytes({ pid }: ChildProcess): Promise<number> {
  try {
    const [, pages = '0'] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')
    return Number(pages) * PAGE_BYTES
  } catch {
    return 0
  }
}
