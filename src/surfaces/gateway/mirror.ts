import type { MirrorEntry, ShadowTrial } from '../../core/records/index.ts'
import type { PredictionLog } from '../../platform/prediction-log/index.ts'
import { isMirrored } from '../../stages/deployment/index.ts'
import type { ModelInputs } from './assemble-inputs.ts'
import { type RowAnswer, readAnswers } from './encode-response.ts'
import type { LoadedRevision } from './load-revision.ts'
import { compareAnswers } from './mirror-comparison.ts'
import type { InferRequest } from './open-inference.ts'
import type { ServedEndpoint } from './served-endpoint.ts'
import { bytesOfValues, createWaitingQueue } from './waiting-queue.ts'

/** A request that was answered, as a shadow is shown it. */
export interface MirroredRequest {
  readonly request: InferRequest
  readonly requestId: string
  readonly ids: readonly string[]
  readonly timeMs: number
  readonly answers: readonly RowAnswer[]
  readonly latencyUs: number
}

/** Since the start; rows are compared one by one. */
export interface MirrorCounts {
  readonly compared: number
  readonly failed: number
  readonly dropped: number
}

/**
 * Shows answered requests to a shadow. Never part of an answer: `offer` only queues, the work begins
 * in a later turn, few at once, and what does not fit into the queue is dropped and counted.
 */
export interface Mirror {
  offer(answered: MirroredRequest): void
  readonly counts: MirrorCounts
  /** Settles when nothing waits any more and all is written down. */
  idle(): Promise<void>
  /** Forgets what waits, and writes down what is known. */
  close(): Promise<void>
}

export interface MirrorParts {
  readonly endpoint: ServedEndpoint
  readonly log: PredictionLog
  /** Whether anything is kept at all. */
  readonly keeps: () => boolean
  /** What a revision's model sees for a request. */
  readonly gather: (
    request: InferRequest,
    revision: LoadedRevision,
    timeMs: number,
  ) => Promise<ModelInputs>
  /** Told when the findings could not be written down. */
  readonly onFailure: (error: unknown) => void
}

interface Waiting {
  readonly answered: MirroredRequest
  readonly trial: ShadowTrial
}

/** Findings are written together, so that mirroring costs few commits. */
const WRITE_EVERY_MS = 100
const WRITE_AT = 500

export function createMirror(parts: MirrorParts): Mirror {
  return new QueuedMirror(parts)
}

class QueuedMirror implements Mirror {
  readonly counts = { compared: 0, failed: 0, dropped: 0 }
  readonly #parts: MirrorParts
  readonly #queue = createWaitingQueue<Waiting>({ items: () => this.#mostQueued })
  readonly #workers = new Set<Promise<void>>()
  #found: MirrorEntry[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<unknown> = Promise.resolve()
  #isClosed = false
  #mostQueued = 0

  constructor(parts: MirrorParts) {
    this.#parts = parts
  }

  offer(answered: MirroredRequest): void {
    const { serving } = this.#parts.endpoint
    const trial = serving?.trial
    if (this.#isClosed || serving === undefined || trial?.kind !== 'shadow') return
    if (!isMirrored(serving, answered.requestId)) return
    const { maxQueued, concurrency } = trial.strategy
    this.#mostQueued = maxQueued
    const bytes = bytesOfValues(answered.request.inputs.map(({ data }) => data))
    if (!this.#queue.offer({ answered, trial }, bytes)) {
      this.counts.dropped++
      this.#keep({ ...this.#entry(trial, answered), outcome: 'dropped' })
      return
    }
    if (this.#workers.size < concurrency) this.#startWorker()
  }

  async idle(): Promise<void> {
    while (this.#workers.size > 0) await Promise.all(this.#workers)
    this.#write()
    await this.#writing
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const { trial, answered } of this.#queue.clear()) {
      this.counts.dropped++
      this.#keep({ ...this.#entry(trial, answered), outcome: 'dropped' })
    }
    await this.idle()
  }

  #startWorker(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#workers.add(promise)
    // In a turn of its own: the answer goes out before anything of this begins.
    setImmediate(() => {
      this.#work().then(() => {
        this.#workers.delete(promise)
        resolve()
      })
    })
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      for (const entry of await this.#show(next)) this.#keep(entry)
    }
  }

  async #show({ answered, trial }: Waiting): Promise<MirrorEntry[]> {
    const { pool } = this.#parts.endpoint
    const revision = pool.get(trial.version)
    // It left while the request waited; nothing is to be told of it any more.
    if (revision === undefined) return []
    const entry = this.#entry(trial, answered)
    const startedAt = performance.now()
    try {
      const answers = await pool.use(revision, async () => {
        const inputs = await this.#parts.gather(answered.request, revision, answered.timeMs)
        return readAnswers(await revision.predict(inputs), revision.version)
      })
      const latencyUs = Math.round((performance.now() - startedAt) * 1_000)
      const found = compareAnswers(answered.answers, answers)
      this.counts.compared += found.length
      return found.map((row, i) => ({
        ...entry,
        ...row,
        id: answered.ids[i] ?? answered.requestId,
        stableLatencyUs: answered.latencyUs,
        latencyUs,
      }))
    } catch (error) {
      this.counts.failed++
      const reason = error instanceof Error ? error.message : String(error)
      return [{ ...entry, outcome: 'failed', error: reason.slice(0, 500) }]
    }
  }

  #entry(trial: ShadowTrial, { requestId, timeMs }: MirroredRequest): MirrorEntry {
    return {
      endpoint: this.#parts.endpoint.name,
      version: trial.version,
      id: requestId,
      timeMs,
      outcome: 'compared',
      count: 1,
      difference: null,
      changed: null,
      stableLatencyUs: null,
      latencyUs: null,
      error: null,
    }
  }

  #keep(entry: MirrorEntry): void {
    const last = this.#found.at(-1)
    // A full queue drops many in a row: they are one line.
    if (entry.outcome === 'dropped' && last?.outcome === 'dropped') {
      this.#found[this.#found.length - 1] = { ...last, count: last.count + 1 }
    } else {
      this.#found.push(entry)
    }
    if (this.#found.length >= WRITE_AT) this.#write()
    this.#timer ??= setTimeout(() => this.#write(), WRITE_EVERY_MS).unref()
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const due = this.#found
    this.#found = []
    if (due.length === 0 || !this.#parts.keeps()) return
    const writing = this.#parts.log.appendMirrored(due).catch(this.#parts.onFailure)
    this.#writing = Promise.all([this.#writing, writing])
  }
}
