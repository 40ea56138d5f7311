import type { z } from 'zod'
import { type Clock, systemClock } from '../../core/time/index.ts'
import { workerErrors } from './errors.ts'
import { type Method, trainResultSchema, tuneResultSchema } from './protocol.ts'
import { digestOfWorker } from './python-folder.ts'
import type { WorkerCallOptions, WorkerPool } from './worker-pool.ts'
import { startWorker, type WorkerProcess, type WorkerProcessOptions } from './worker-process.ts'

const HEARTBEAT_TIMEOUT_MS = 15_000
/** An idle worker that still holds more than this share of a call's memory is replaced before it. */
const STALE_MEMORY_SHARE = 0.5

export interface WorkerPoolOptions {
  /** Interpreter of the worker's environment (`ensurePythonEnvironment`). */
  readonly python: string
  /** Most processes at once. */
  readonly size: number
  readonly clock?: Clock
  /** Silence after which a busy worker counts as hung. Default 15 s. */
  readonly heartbeatTimeoutMs?: number
}

interface Waiting {
  readonly subject: string
  readonly proceed: () => void
  readonly giveUp: (error: Error) => void
}

/** A pool of Python workers; processes start when calls need them. */
export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  return new ProcessPool(options)
}

class ProcessPool implements WorkerPool {
  readonly workerDigest: string = digestOfWorker()
  readonly #size: number
  readonly #process: WorkerProcessOptions
  readonly #idle: WorkerProcess[] = []
  readonly #all = new Set<WorkerProcess>()
  readonly #queue: Waiting[] = []
  #busy = 0
  #closed = false

  constructor(options: WorkerPoolOptions) {
    this.#size = Math.max(1, options.size)
    this.#process = {
      python: options.python,
      clock: options.clock ?? systemClock,
      heartbeatTimeoutMs: options.heartbeatTimeoutMs ?? HEARTBEAT_TIMEOUT_MS,
    }
  }

  train: WorkerPool['train'] = (request, options) =>
    this.#call('train', request, { options, schema: trainResultSchema })

  tune: WorkerPool['tune'] = (request, options) =>
    this.#call('tune', request, { options, schema: tuneResultSchema })

  async close(): Promise<void> {
    this.#closed = true
    for (const { subject, giveUp } of this.#queue.splice(0)) {
      giveUp(workerErrors.WORKER_CANCELLED({ subject }))
    }
    await Promise.all([...this.#all].map((worker) => worker.end()))
  }

  async #call<T>(
    method: Method,
    request: unknown,
    { options, schema }: { options: WorkerCallOptions; schema: z.ZodType<T> },
  ): Promise<T> {
    const { subject } = options
    await this.#turn(options)
    try {
      const worker = await this.#worker(options)
      const result = schema.safeParse(await this.#run(worker, method, { request, options }))
      if (result.success) return result.data
      const { path, message } = result.error.issues[0] ?? { path: [], message: 'not as agreed' }
      const reason = `the result's ${path.join('.')}: ${message}`
      throw workerErrors.WORKER_PROTOCOL({ subject, reason })
    } finally {
      this.#busy--
      this.#queue.shift()?.proceed()
    }
  }

  /** Waits until fewer calls run than the pool has room for. */
  async #turn({ subject, signal }: WorkerCallOptions): Promise<void> {
    if (this.#closed || signal?.aborted) throw workerErrors.WORKER_CANCELLED({ subject })
    if (this.#busy < this.#size) {
      this.#busy++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        const place = this.#queue.indexOf(waiting)
        if (place >= 0) this.#queue.splice(place, 1)
        reject(workerErrors.WORKER_CANCELLED({ subject }))
      }
      const proceed = () => {
        signal?.removeEventListener('abort', leave)
        this.#busy++
        resolve()
      }
      const waiting: Waiting = { subject, proceed, giveUp: reject }
      signal?.addEventListener('abort', leave, { once: true })
      this.#queue.push(waiting)
    })
  }

  async #worker({ subject, memoryLimitMb }: WorkerCallOptions): Promise<WorkerProcess> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.usable && idle.rssMb() <= memoryLimitMb * STALE_MEMORY_SHARE) return idle
      await this.#discard(idle)
    }
    if (this.#closed) throw workerErrors.WORKER_CANCELLED({ subject })
    const worker = startWorker(this.#process)
    this.#all.add(worker)
    return worker
  }

  async #run(
    worker: WorkerProcess,
    method: Method,
    { request, options }: { request: unknown; options: WorkerCallOptions },
  ): Promise<unknown> {
    try {
      return await worker.call(method, request, options)
    } finally {
      if (worker.usable && !this.#closed) this.#idle.push(worker)
      else await this.#discard(worker)
    }
  }

  async #discard(worker: WorkerProcess): Promise<void> {
    await worker.end()
    this.#all.delete(worker)
  }
}
