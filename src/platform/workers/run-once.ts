import { type ChildProcess, spawn } from 'node:child_process'
import { killGroup, residentMb } from './process-group.ts'
import { keepTail } from './stderr-tail.ts'

const WATCH_MS = 100

export interface OnceOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly folder: string
  /** All that the process sees; nothing of ours is passed on. */
  readonly environment: Readonly<Record<string, string>>
  /** Sent to its standard input, which then closes. */
  readonly input: string
  readonly timeLimitMs: number
  /** Resident memory, watched where the system tells it. */
  readonly memoryLimitMb: number
  /** Of standard output. */
  readonly maxOutputBytes: number
  readonly signal?: AbortSignal | undefined
}

/** How a short-lived process came to its end. */
export type OnceOutcome =
  | { readonly end: 'finished'; readonly output: string }
  | { readonly end: 'out-of-time' | 'out-of-memory' | 'too-talkative' | 'cancelled' }
  | { readonly end: 'crashed'; readonly reason: string }

/**
 * Runs a process of its own group for one answer, and ends all of it whatever happens: when time,
 * memory or output run over, when the caller gives up, and when it is done.
 */
export function runOnce(options: OnceOptions): Promise<OnceOutcome> {
  const child = spawn(options.command, options.args, {
    cwd: options.folder,
    env: { ...options.environment },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return new OnceRun(child, options).outcome
}

class OnceRun {
  readonly outcome: Promise<OnceOutcome>
  readonly #child: ChildProcess
  readonly #options: OnceOptions
  readonly #chunks: Buffer[] = []
  #bytes = 0
  /** Why we ended it; undefined while it may go on. */
  #verdict: OnceOutcome | undefined

  constructor(child: ChildProcess, options: OnceOptions) {
    this.#child = child
    this.#options = options
    // A write to a process that has just died; its exit tells the story.
    child.stdin?.on('error', () => undefined).end(options.input)
    child.stdout?.on('data', (chunk: Buffer) => this.#hear(chunk))
    this.outcome = this.#awaitEnd()
  }

  #hear(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes <= this.#options.maxOutputBytes) this.#chunks.push(chunk)
    else this.#stop({ end: 'too-talkative' })
  }

  #stop(verdict: OnceOutcome): void {
    this.#verdict ??= verdict
    killGroup(this.#child)
  }

  #awaitEnd(): Promise<OnceOutcome> {
    const { timeLimitMs, memoryLimitMb, signal } = this.#options
    const child = this.#child
    const { promise, resolve } = Promise.withResolvers<OnceOutcome>()
    const log = child.stderr === null ? { text: () => '' } : keepTail(child.stderr)
    const timer = setTimeout(() => this.#stop({ end: 'out-of-time' }), timeLimitMs)
    const watch = setInterval(() => {
      if ((residentMb(child.pid) ?? 0) > memoryLimitMb) this.#stop({ end: 'out-of-memory' })
    }, WATCH_MS)
    const cancel = () => this.#stop({ end: 'cancelled' })
    signal?.addEventListener('abort', cancel, { once: true })
    if (signal?.aborted) cancel()
    child.once('error', (error) => this.#stop({ end: 'crashed', reason: error.message }))
    child.once('exit', () => killGroup(child))
    child.once('close', (code, how) => {
      clearTimeout(timer)
      clearInterval(watch)
      signal?.removeEventListener('abort', cancel)
      resolve(this.#verdict ?? this.#judge(code, how, log.text()))
    })
    return promise
  }

  #judge(code: number | null, how: NodeJS.Signals | null, log: string): OnceOutcome {
    if (how === 'SIGXCPU') return { end: 'out-of-time' }
    if (code === 0) return { end: 'finished', output: Buffer.concat(this.#chunks).toString() }
    const reason = [how ?? `exit code ${code}`, log].filter((part) => part !== '').join(': ')
    return { end: 'crashed', reason }
  }
}
