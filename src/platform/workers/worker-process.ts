import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import type { PlatformError } from '../../core/errors/index.ts'
import type { Clock } from '../../core/time/index.ts'
import { workerErrors } from './errors.ts'
import { killGroup, residentMb } from './process-group.ts'
import {
  decodeWorkerMessage,
  encodeHostMessage,
  type HostMessage,
  type Method,
  type WorkerMessage,
} from './protocol.ts'
import { keepTail } from './stderr-tail.ts'
import { workerEnvironment } from './worker-environment.ts'
import type { WorkerCallOptions } from './worker-pool.ts'

const WATCH_MS = 250
const CANCEL_GRACE_MS = 2_000
/** How long an ended worker's last words are waited for when something else holds its pipes. */
const DRAIN_MS = 500

export interface WorkerProcessOptions {
  readonly python: string
  readonly clock: Clock
  readonly heartbeatTimeoutMs: number
}

export interface WorkerProcess {
  readonly pid: number | undefined
  /** False once it is ending. */
  readonly usable: boolean
  /** Resident memory, as last heard or read. */
  rssMb(): number
  /** One call at a time; settles only after the process is idle again, or gone. */
  call(method: Method, params: unknown, options: WorkerCallOptions): Promise<unknown>
  /** Ends the process and waits until it is gone. */
  end(): Promise<void>
}

interface RunningCall {
  readonly id: number
  readonly options: WorkerCallOptions
  readonly startedMs: number
  readonly resolve: (result: unknown) => void
  readonly reject: (error: PlatformError) => void
  readonly stopWatching: () => void
}

/** Starts a worker in a process group of its own. */
export function startWorker(options: WorkerProcessOptions): WorkerProcess {
  return new SpawnedWorker(options)
}

class SpawnedWorker implements WorkerProcess {
  readonly #child: ChildProcess
  readonly #options: WorkerProcessOptions
  readonly #log: { text(): string }
  readonly #gone: Promise<void>
  #heardMs: number
  #rssMb = 0
  #calls = 0
  #call: RunningCall | undefined
  /** Why we ended it; undefined when it ended by itself. */
  #verdict: PlatformError | undefined
  #ending = false

  constructor(options: WorkerProcessOptions) {
    this.#options = options
    this.#heardMs = options.clock.now()
    const child = spawn(options.python, ['-m', 'esteira_worker'], {
      cwd: tmpdir(),
      env: workerEnvironment(),
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#log = keepTail(child.stderr)
    // A write to a worker that has just died; its exit tells the story.
    child.stdin.on('error', () => undefined)
    createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line))
    this.#gone = new Promise((resolve) => this.#awaitEnd(resolve))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get usable(): boolean {
    return !this.#ending
  }

  rssMb(): number {
    return residentMb(this.#child.pid) ?? this.#rssMb
  }

  call(method: Method, params: unknown, options: WorkerCallOptions): Promise<unknown> {
    const id = ++this.#calls
    this.#heardMs = this.#options.clock.now()
    return new Promise((resolve, reject) => {
      const watch = setInterval(() => this.#check(), WATCH_MS)
      const cancel = () => this.#cancel(id)
      options.signal?.addEventListener('abort', cancel, { once: true })
      const stopWatching = () => {
        clearInterval(watch)
        options.signal?.removeEventListener('abort', cancel)
      }
      const startedMs = this.#options.clock.now()
      this.#call = { id, options, startedMs, resolve, reject, stopWatching }
      this.#send({ kind: 'request', id, method, params })
      if (options.signal?.aborted) cancel()
    })
  }

  async end(): Promise<void> {
    this.#stop(this.#call && workerErrors.WORKER_CANCELLED({ subject: this.#subject() }))
    await this.#gone
  }

  #subject(): string {
    return this.#call?.options.subject ?? 'no candidate'
  }

  #send(message: HostMessage): void {
    this.#child.stdin?.write(encodeHostMessage(message))
  }

  #hear(line: string): void {
    if (this.#ending) return
    const decoded = decodeWorkerMessage(line)
    if ('wrong' in decoded) {
      this.#stop(workerErrors.WORKER_PROTOCOL({ subject: this.#subject(), reason: decoded.wrong }))
      return
    }
    this.#heardMs = this.#options.clock.now()
    this.#take(decoded.message)
  }

  #take(message: WorkerMessage): void {
    if (message.kind === 'hello') return
    if (message.kind === 'heartbeat') {
      this.#rssMb = message.rssMb
      return
    }
    const call = this.#call
    if (call?.id !== message.id) {
      const reason = `an answer to call ${message.id}, which is not running`
      this.#stop(workerErrors.WORKER_PROTOCOL({ subject: this.#subject(), reason }))
    } else if (message.kind === 'progress') {
      call.options.onProgress?.(message.share, message.message)
    } else if (message.kind === 'result') {
      this.#settle()
      call.resolve(message.result)
    } else {
      this.#settle()
      call.reject(toError(message, call.options, this.rssMb()))
    }
  }

  #settle(): void {
    this.#call?.stopWatching()
    this.#call = undefined
  }

  /** Limits, looked at four times a second while a call runs. */
  #check(): void {
    const call = this.#call
    if (!call || this.#ending) return
    const now = this.#options.clock.now()
    const { subject, timeLimitMs, memoryLimitMb } = call.options
    const usedMb = this.rssMb()
    const silentMs = now - this.#heardMs
    if (usedMb > memoryLimitMb) {
      this.#stop(workerErrors.WORKER_OUT_OF_MEMORY({ subject, limitMb: memoryLimitMb, usedMb }))
    } else if (now - call.startedMs > timeLimitMs) {
      this.#stop(workerErrors.WORKER_TIMED_OUT({ subject, limitMs: timeLimitMs }))
    } else if (silentMs > this.#options.heartbeatTimeoutMs) {
      this.#stop(workerErrors.WORKER_SILENT({ subject, silentMs }))
    }
  }

  #cancel(id: number): void {
    this.#send({ kind: 'cancel', id })
    const kill = setTimeout(() => {
      if (this.#call?.id !== id) return
      this.#stop(workerErrors.WORKER_CANCELLED({ subject: this.#subject() }))
    }, CANCEL_GRACE_MS)
    kill.unref()
  }

  #stop(verdict: PlatformError | undefined): void {
    if (this.#ending) return
    this.#ending = true
    this.#verdict = verdict
    killGroup(this.#child)
  }

  #awaitEnd(gone: () => void): void {
    let ended = false
    const finish = (reason: string) => {
      if (ended) return
      ended = true
      const call = this.#call
      this.#settle()
      gone()
      const { options } = call ?? {}
      if (!call || !options) return
      const log = this.#log.text()
      call.reject(
        this.#verdict ?? workerErrors.WORKER_CRASHED({ subject: options.subject, reason, log }),
      )
    }
    this.#child.on('error', (error) => {
      this.#ending = true
      finish(`could not be started: ${error.message}`)
    })
    this.#child.on('exit', (code, signal) => {
      // What it started itself goes with it.
      killGroup(this.#child)
      setTimeout(() => this.#leave(finish, code, signal), DRAIN_MS).unref()
    })
    this.#child.on('close', (code, signal) => this.#leave(finish, code, signal))
  }

  #leave(finish: (reason: string) => void, code: number | null, signal: string | null): void {
    this.#ending = true
    finish(describeEnd(code, signal))
  }
}

function describeEnd(code: number | null, signal: string | null): string {
  if (signal === 'SIGKILL') {
    return "was killed from outside by SIGKILL, as the system's out-of-memory killer does"
  }
  return signal ? `ended by ${signal}` : `ended with exit code ${code}`
}

function toError(
  message: Extract<WorkerMessage, { kind: 'error' }>,
  options: WorkerCallOptions,
  usedMb: number,
): PlatformError {
  const { subject, memoryLimitMb } = options
  if (message.code === 'CANCELLED') return workerErrors.WORKER_CANCELLED({ subject })
  if (message.code === 'OUT_OF_MEMORY') {
    return workerErrors.WORKER_OUT_OF_MEMORY({ subject, limitMb: memoryLimitMb, usedMb })
  }
  return workerErrors.WORKER_FAILED({
    subject,
    code: message.code,
    reason: message.message,
    wayOut: message.hint,
  })
}
