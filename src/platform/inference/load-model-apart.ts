import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ModelSignature } from '../../core/records/index.ts'
import { inferenceErrors } from './errors.ts'
import type { ThreadOrder, ThreadReply, ThreadRequest } from './model-messages.ts'
import type { ColumnBatch, ModelSession, PredictionBatch } from './model-session.ts'

const PROGRAM = path.join(import.meta.dirname, `model-thread${path.extname(import.meta.filename)}`)
const ANSWERS_WITHIN_MS = 10_000

/** @param answersWithinMs after which a call is given up; @default 10,000 */
export interface ApartOptions extends ThreadOrder {
  readonly answersWithinMs?: number
}

/**
 * Loads a model into a thread of its own: the engine computes on the thread that asks, and what must
 * not hold up this one is asked there. A call that takes too long ends the thread, and every later
 * call fails.
 * @throws as `loadModel`; MODEL_CORRUPT when the thread ends instead
 */
export async function loadModelApart(options: ApartOptions): Promise<ModelSession> {
  const { answersWithinMs = ANSWERS_WITHIN_MS, path: model, signature, digest, trial } = options
  const worker = new Worker(PROGRAM, { workerData: { path: model, signature, digest, trial } })
  // The process may end while the model only waits to be asked.
  worker.unref()
  const loaded = Promise.withResolvers<void>()
  const session = new ThreadSession(worker, { model, signature, digest, answersWithinMs })
  worker.on('message', (reply: ThreadReply) => {
    if (reply.kind === 'loaded') loaded.resolve()
    else if (reply.kind === 'refused') loaded.reject(refusal(model, reply))
    else session.settle(reply)
  })
  const end = (reason: string) => {
    session.end(reason)
    loaded.reject(inferenceErrors.MODEL_CORRUPT({ model, reason }))
  }
  worker.once('error', (error) => end(`its thread failed: ${error.message}`))
  worker.once('exit', () => end('its thread has ended'))
  await loaded.promise
  return session
}

function refusal(model: string, { code, reason }: Extract<ThreadReply, { kind: 'refused' }>) {
  return code === 'MODEL_NOT_ALLOWED'
    ? inferenceErrors.MODEL_NOT_ALLOWED({ model, reason })
    : inferenceErrors.MODEL_CORRUPT({ model, reason })
}

interface Call {
  readonly resolve: (answer: PredictionBatch) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

interface SessionParts {
  readonly model: string
  readonly signature: ModelSignature
  readonly digest: string
  readonly answersWithinMs: number
}

class ThreadSession implements ModelSession {
  readonly signature: ModelSignature
  readonly digest: string
  readonly #worker: Worker
  readonly #parts: SessionParts
  readonly #calls = new Map<number, Call>()
  #made = 0
  /** Why it answers no more. */
  #ended: string | undefined

  constructor(worker: Worker, parts: SessionParts) {
    this.#worker = worker
    this.#parts = parts
    this.signature = parts.signature
    this.digest = parts.digest
  }

  predict(batch: ColumnBatch): Promise<PredictionBatch> {
    if (this.#ended !== undefined) return Promise.reject(this.#failure(this.#ended))
    const call = this.#made++
    const { promise, resolve, reject } = Promise.withResolvers<PredictionBatch>()
    const timer = setTimeout(() => this.#giveUp(), this.#parts.answersWithinMs)
    this.#calls.set(call, { resolve, reject, timer })
    this.#send({ call, batch })
    return promise
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    this.#ended = 'it is closed'
    const exit = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    this.#worker.ref()
    this.#send(null)
    await exit
  }

  settle(reply: Extract<ThreadReply, { kind: 'answer' | 'failure' }>): void {
    const waiting = this.#calls.get(reply.call)
    if (waiting === undefined) return
    this.#calls.delete(reply.call)
    clearTimeout(waiting.timer)
    if (reply.kind === 'answer') waiting.resolve(reply.answer)
    else waiting.reject(this.#failure(reply.reason))
  }

  /** Fails what waits, and whatever comes. */
  end(reason: string): void {
    this.#ended ??= reason
    for (const { reject, timer } of this.#calls.values()) {
      clearTimeout(timer)
      reject(this.#failure(this.#ended))
    }
    this.#calls.clear()
  }

  #giveUp(): void {
    this.end(`it gave no answer within ${this.#parts.answersWithinMs} ms`)
    void this.#worker.terminate()
  }

  #send(request: ThreadRequest): void {
    this.#worker.postMessage(request)
  }

  #failure(reason: string): Error {
    return inferenceErrors.PREDICTION_FAILED({ model: this.#parts.model, reason })
  }
}
