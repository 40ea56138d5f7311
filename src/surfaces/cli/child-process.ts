import { type ChildProcess, spawn } from 'node:child_process'
import { errors } from './errors.ts'

const GRACE_MS = 10_000

/** A program of ours that runs beside this one and said it is ready. */
export interface ReadyChild {
  /** The JSON document it printed when it was ready. */
  readonly answer: unknown
  /** Ends it: its input closes, and it is killed if it has not gone by then. */
  stop(): Promise<void>
}

export interface ChildOptions {
  /** Names it in errors. */
  readonly name: string
  readonly args: readonly string[]
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not whole yet; the rest is still on its way.
    return undefined
  }
}

/** The first whole JSON document on a child's standard output. */
function firstDocument(child: ChildProcess, name: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const document = parsed(text)
    if (document !== undefined) resolve(document)
  })
  let complaints = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaints += chunk
  })
  child.once('error', reject)
  child.once('exit', (code, signal) => {
    const reason = complaints.trim().split('\n').at(-1) ?? ''
    reject(errors.CHILD_ENDED({ name, code: code ?? signal ?? 'no code', reason }))
  })
  return promise
}

/**
 * Starts one of our own programs and waits until it says it is ready. It ends with this process,
 * however this process ends, since its standard input closes then.
 * @throws CHILD_ENDED
 */
export async function startChild(options: ChildOptions): Promise<ReadyChild> {
  const child = spawn(process.execPath, [...options.args], {
    cwd: options.folder,
    env: { ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const answer = await firstDocument(child, options.name)
  return {
    answer,
    async stop() {
      child.stdin?.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
      await gone
      clearTimeout(timer)
    },
  }
}
