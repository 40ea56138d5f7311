import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { inferenceErrors } from './errors.ts'
import type { ModelOrder, ThreadReply, ThreadRequest } from './model-messages.ts'
import type { ColumnBatch, ModelSession, PackedRows, PredictionBatch } from './model-session.ts'
import { type InputLayout, layoutOf, packColumns } from './pack-columns.ts'

const PROGRAM = path.join(
  import.meta.dirname,
  `model-thread-program${path.extname(import.meta.filename)}`,
)

export interface ModelThreadOptions {
  /** Milliseconds after which a call is given up, and with it the thread. @default never */
  readonly answersWithinMs?: number
  /**
   * Goes on without a model, for the next one: a thread has memory of its own, which the system's
   * allocator keeps for it and gives to no other, and code that is compiled already. @default false
   */
  readonly staysOpen?: boolean
}

/**
 * A thread that loads models and computes their answers, one after the other: the engine works on the
 * thread that asks, and this one stays free for everything else. It begins with its first model and,
 * unless it stays open, ends with the last one; after that it begins anew with the next.
 */
export interface ModelThread {
  /** @throws as `loadModel`; MODEL_CORRUPT when the thread ends instead */
  load(order: ModelOrder): Promise<ModelSession>
  /** Ends it, whatever it does. */
  end(): Promise<void>
}

export function openModelThread(options: ModelThreadOptions = {}): ModelThread {
  let life: ThreadLife | undefined
  return {
    async load(order) {
      if (life === undefined || life.hasEnded) life = new ThreadLife(options)
      return life.load(order)
    },
    async end() {
      await life?.end()
    },
  }
}

interface Call {
  readonly model: number
  readonly resolve: (answer: PredictionBatch) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout | undefined
}

interface Settlement {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** A thread from its beginning to its end, by what it is asked and told. */
class ThreadLife {
  readonly #worker = new Worker(PROGRAM)
  readonly #answersWithinMs: number | undefined
  readonly #staysOpen: boolean
  /** Paths by number, from the order to load until they are closed. */
  readonly #models = new Map<number, string>()
  readonly #loads = new Map<number, Settlement>()
  readonly #closes = new Map<number, () => void>()
  readonly #calls = new Map<number, Call>()
  #numbers = 0
  /** Orders without an answer; while there are any, the process stays. */
  #underWay = 0
  /** Why it answers no more. */
  #ended: string | undefined

  constructor({ answersWithinMs, staysOpen = false }: ModelThreadOptions) {
    this.#answersWithinMs = answersWithinMs
    this.#staysOpen = staysOpen
    // The process may end while models only wait to be asked.
    this.#worker.unref()
    this.#worker.on('message', (reply: ThreadReply) => this.#hear(reply))
    this.#worker.once('error', (error) => this.#end(`its thread failed: ${error.message}`))
    this.#worker.once('exit', () => this.#end('its thread has ended'))
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  async load(order: ModelOrder): Promise<ModelSession> {
    const model = this.#numbers++
    this.#models.set(model, order.path)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#loads.set(model, { resolve, reject })
        this.#send({ kind: 'load', model, order })
      })
    } catch (error) {
      this.#forget(model)
      throw error
    }
    return new ThreadSession(this, model, order)
  }

  predict(model: number, rows: PackedRows): Promise<PredictionBatch> {
    if (this.#ended !== undefined) return Promise.reject(this.#failure(model, this.#ended))
    const call = this.#numbers++
    return new Promise((resolve, reject) => {
      const timer =
        this.#answersWithinMs === undefined
          ? undefined
          : setTimeout(() => this.#giveUp(), this.#answersWithinMs)
      this.#calls.set(call, { model, resolve, reject, timer })
      this.#send({ kind: 'predict', model, call, rows }, [rows.numbers.buffer])
    })
  }

  async close(model: number): Promise<void> {
    if (this.#ended !== undefined) return
    await new Promise<void>((resolve) => {
      this.#closes.set(model, resolve)
      this.#send({ kind: 'close', model })
    })
    this.#forget(model)
  }

  async end(): Promise<void> {
    this.#end('its thread has ended')
    await this.#worker.terminate()
  }

  #forget(model: number): void {
    this.#models.delete(model)
    if (this.#models.size === 0 && !this.#staysOpen) void this.end()
  }

  #send(request: ThreadRequest, moved: ArrayBuffer[] = []): void {
    if (this.#underWay++ === 0) this.#worker.ref()
    this.#worker.postMessage(request, moved)
  }

  #hear(reply: ThreadReply): void {
    if (--this.#underWay === 0) this.#worker.unref()
    if (reply.kind === 'answer' || reply.kind === 'failure') this.#settle(reply)
    else if (reply.kind === 'closed') {
      this.#closes.get(reply.model)?.()
      this.#closes.delete(reply.model)
    } else {
      const loading = this.#loads.get(reply.model)
      this.#loads.delete(reply.model)
      if (reply.kind === 'loaded') loading?.resolve()
      else loading?.reject(refusal(this.#models.get(reply.model) ?? '?', reply))
    }
  }

  #settle(reply: Extract<ThreadReply, { kind: 'answer' | 'failure' }>): void {
    const waiting = this.#calls.get(reply.call)
    if (waiting === undefined) return
    this.#calls.delete(reply.call)
    clearTimeout(waiting.timer)
    if (reply.kind === 'answer') waiting.resolve(reply.answer)
    else waiting.reject(this.#failure(waiting.model, reply.reason))
  }

  #giveUp(): void {
    this.#end(`it gave no answer within ${this.#answersWithinMs} ms`)
    void this.#worker.terminate()
  }

  /** Fails what waits, and whatever comes. */
  #end(reason: string): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    for (const { model, reject, timer } of this.#calls.values()) {
      clearTimeout(timer)
      reject(this.#failure(model, reason))
    }
    for (const [model, { reject }] of this.#loads) {
      reject(inferenceErrors.MODEL_CORRUPT({ model: this.#models.get(model) ?? '?', reason }))
    }
    for (const resolve of this.#closes.values()) resolve()
    this.#calls.clear()
    this.#loads.clear()
    this.#closes.clear()
  }

  #failure(model: number, reason: string): Error {
    const name = this.#models.get(model) ?? 'a model'
    return inferenceErrors.PREDICTION_FAILED({ model: name, reason })
  }
}

function refusal(model: string, { code, reason }: Extract<ThreadReply, { kind: 'refused' }>) {
  return code === 'MODEL_NOT_ALLOWED'
    ? inferenceErrors.MODEL_NOT_ALLOWED({ model, reason })
    : inferenceErrors.MODEL_CORRUPT({ model, reason })
}

class ThreadSession implements ModelSession {
  readonly signature: ModelSession['signature']
  readonly digest: string
  readonly isApart = true
  readonly #life: ThreadLife
  readonly #model: number
  readonly #path: string
  readonly #layout: InputLayout
  #isClosed = false

  constructor(life: ThreadLife, model: number, { path: file, signature, digest }: ModelOrder) {
    this.signature = signature
    this.digest = digest
    this.#life = life
    this.#model = model
    this.#path = file
    this.#layout = layoutOf(signature)
  }

  get hasEnded(): boolean {
    return this.#isClosed || this.#life.hasEnded
  }

  async predict(batch: ColumnBatch): Promise<PredictionBatch> {
    return this.predictPacked(packColumns(batch, this.#layout, this.#path))
  }

  predictPacked(rows: PackedRows): Promise<PredictionBatch> {
    if (this.#isClosed) {
      const told = { model: this.#path, reason: 'it is closed' }
      return Promise.reject(inferenceErrors.PREDICTION_FAILED(told))
    }
    return this.#life.predict(this.#model, rows)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#life.close(this.#model)
  }
}
