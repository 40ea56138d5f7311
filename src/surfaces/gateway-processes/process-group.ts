import cluster from 'node:cluster'
import { gatewayProcessErrors } from './errors.ts'
import { addEnded, figuresOfGroup, NOBODY_ENDED } from './group-figures.ts'
import type { Addresses, GroupFigures, ToPrimary } from './messages.ts'
import { errorOfRefusal } from './refused-start.ts'
import { afterEnd, type PlaceHistory } from './restart-policy.ts'
import { forkWorker, type WorkerProcess } from './worker-place.ts'

export interface ProcessGroupOptions {
  /** The file that a worker runs; it calls `runWorker`. */
  readonly program: string
  /** Worker processes, at least 1. */
  readonly size: number
  /** What a worker that starts now is to do; plain JSON. */
  readonly order: () => unknown
  /** Told in a line when a worker ends or cannot be started. */
  readonly onTrouble: (what: string) => void
}

/** The worker processes of a gateway, which answer on the same ports. */
export interface ProcessGroup {
  /**
   * Settled when all workers answer.
   * @throws what a worker was refused with, or WORKERS_DO_NOT_START
   */
  readonly started: Promise<Addresses>
  /** Rejects when no worker is left and none can be started; else it never settles. */
  readonly lost: Promise<never>
  /** As last told by the workers, at most about a second old. */
  figures(): GroupFigures
  /** Tells every worker something. */
  tell(news: unknown): void
  /** Asks the workers to finish what is under way and to end, and waits; late ones are killed. */
  close(): Promise<void>
}

/** Longer than a worker takes to finish by itself. */
const END_WITHIN_MS = 20_000
/** A worker that is stuck must not hold up the figures of the others. */
const TELL_WITHIN_MS = 1_000

/** Starts the workers, and a new one in place of each that ends. */
export function openProcessGroup(options: ProcessGroupOptions): ProcessGroup {
  cluster.setupPrimary({ exec: options.program, args: [] })
  cluster.schedulingPolicy = cluster.SCHED_RR
  return new Workers(options)
}

interface Place {
  readonly name: string
  history: PlaceHistory
  worker: WorkerProcess | undefined
  timer: NodeJS.Timeout | undefined
}

class Workers implements ProcessGroup {
  readonly #options: ProcessGroupOptions
  readonly #places: readonly Place[]
  readonly #started = Promise.withResolvers<Addresses>()
  readonly #lost = Promise.withResolvers<never>()
  readonly #awaited = new Map<number, { names: Set<string>; resolve: () => void }>()
  #ended = NOBODY_ENDED
  #restarts = 0
  #questions = 0
  #isClosing = false
  #onEmpty = () => {}

  constructor(options: ProcessGroupOptions) {
    this.#options = options
    // Whoever waits is told; nobody has to.
    this.#started.promise.catch(() => {})
    this.#lost.promise.catch(() => {})
    this.#places = Array.from({ length: options.size }, (_, index) => ({
      name: String(index + 1),
      history: { failedStarts: 0 },
      worker: undefined,
      timer: undefined,
    }))
    for (const place of this.#places) this.#fill(place)
  }

  get started(): Promise<Addresses> {
    return this.#started.promise
  }

  get lost(): Promise<never> {
    return this.#lost.promise
  }

  figures(): GroupFigures {
    const living = this.#places.flatMap(({ name, worker }) =>
      worker?.figures === undefined ? [] : [[name, worker.figures] as const],
    )
    const ready = this.#ready().length
    const restarts = this.#restarts
    return figuresOfGroup({ living: new Map(living), ended: this.#ended, ready, restarts })
  }

  tell(news: unknown): void {
    // One that is not ready yet has its order or gets it; news may correct an order that is on its way.
    for (const { worker } of this.#places) worker?.send({ kind: 'news', news })
  }

  async close(): Promise<void> {
    this.#isClosing = true
    for (const { timer } of this.#places) clearTimeout(timer)
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    for (const { worker } of this.#places) {
      if (worker?.isReady === true) worker.send({ kind: 'drain' })
      else worker?.kill()
    }
    const timer = setTimeout(() => this.#killAll(), END_WITHIN_MS)
    if (this.#living().length > 0) await empty
    clearTimeout(timer)
  }

  #killAll(): void {
    for (const { name, worker } of this.#places) {
      if (worker === undefined) continue
      this.#options.onTrouble(`worker ${name} did not end in ${END_WITHIN_MS / 1_000} s: killed`)
      worker.kill()
    }
  }

  #living(): readonly Place[] {
    return this.#places.filter(({ worker }) => worker !== undefined)
  }

  #ready(): readonly Place[] {
    return this.#places.filter(({ worker }) => worker?.isReady === true)
  }

  #fill(place: Place): void {
    place.worker = forkWorker(this.#options.order, {
      onMessage: (message) => this.#hear(place, message),
      onEnd: (ending) => this.#afterEnd(place, ending),
    })
  }

  #hear(place: Place, message: ToPrimary): void {
    if (message.kind === 'ready') {
      place.history = { failedStarts: 0 }
      if (this.#ready().length === this.#places.length) this.#started.resolve(message.addresses)
    } else if (message.kind === 'refused') {
      this.#options.onTrouble(`worker ${place.name} cannot start: ${message.error.message}`)
      this.#started.reject(errorOfRefusal(message.error))
    } else if (message.kind === 'ask-group-figures') {
      void this.#answerFigures(place, message.question)
    } else if (message.kind === 'figures' && message.question !== null) {
      this.#tick(message.question, place)
    }
  }

  /** Asks every worker, so that whoever asks sees what was answered up to now. */
  async #answerFigures(asking: Place, question: number): Promise<void> {
    const id = this.#questions++
    const asked = this.#ready()
    if (asked.length > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, TELL_WITHIN_MS)
        const done = () => {
          clearTimeout(timer)
          resolve()
        }
        this.#awaited.set(id, { names: new Set(asked.map(({ name }) => name)), resolve: done })
        for (const { worker } of asked) worker?.send({ kind: 'tell-figures', question: id })
      })
      this.#awaited.delete(id)
    }
    asking.worker?.send({ kind: 'group-figures', question, figures: this.figures() })
  }

  /** One of those that were asked has answered, or will not any more. */
  #tick(id: number, { name }: Place): void {
    const awaited = this.#awaited.get(id)
    awaited?.names.delete(name)
    if (awaited?.names.size === 0) awaited.resolve()
  }

  #afterEnd(place: Place, ending: string): void {
    const { worker } = place
    place.worker = undefined
    if (worker?.figures !== undefined) this.#ended = addEnded(this.#ended, worker.figures)
    for (const id of this.#awaited.keys()) this.#tick(id, place)
    if (this.#isClosing) {
      if (this.#living().length === 0) this.#onEmpty()
      return
    }
    const wasReady = worker?.figures !== undefined
    const { onTrouble } = this.#options
    const step = afterEnd({ history: place.history, wasReady, ready: this.#ready().length })
    place.history = step.history
    if (step.next.action === 'give-up') {
      const times = step.history.failedStarts
      const error = gatewayProcessErrors.WORKERS_DO_NOT_START({ times, ending })
      this.#started.reject(error)
      this.#lost.reject(error)
      return
    }
    onTrouble(`worker ${place.name} ended with ${ending}; another one is started`)
    this.#restarts++
    place.timer = setTimeout(() => this.#fill(place), step.next.delayMs)
  }
}
