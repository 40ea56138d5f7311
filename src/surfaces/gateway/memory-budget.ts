import { gatewayErrors } from './errors.ts'
import { leastRecentlyUsed, type Resident } from './least-recently-used.ts'

/**
 * The memory that the models of all endpoints may take together. Bytes are taken before a model is
 * loaded and given back after it is closed, so that what is counted is never less than what is there.
 */
export interface MemoryBudget {
  /** Undefined without a limit. */
  readonly limitBytes: number | undefined
  readonly usedBytes: number
  /** Whether so much fits without anybody leaving. */
  hasRoom(bytes: number): boolean
  /**
   * Takes bytes; the least recently used residents leave for them. Waits for its turn, and for
   * residents that are busy.
   * @param withinMs how long it waits at most
   * @throws MEMORY_BUDGET_TOO_SMALL when it can never fit, MEMORY_BUDGET_BUSY after `withinMs`
   */
  take(bytes: number, withinMs: number): Promise<void>
  giveBack(bytes: number): void
  /** From now on it may be asked to leave. */
  add(resident: Resident): void
  /** From now on it may not; its bytes are given back by whoever took it out. */
  remove(resident: Resident): void
  /** A number higher than any before: the time of a use. */
  tick(): number
  /** A resident is idle now: who waits for room is looked after. */
  stir(): void
}

export function createMemoryBudget(limitBytes?: number): MemoryBudget {
  return new SharedBudget(limitBytes)
}

interface Waiting {
  readonly bytes: number
  readonly resolve: () => void
}

class SharedBudget implements MemoryBudget {
  readonly limitBytes: number | undefined
  usedBytes = 0
  /** Of `usedBytes`: what is about to be given back. */
  #leavingBytes = 0
  #ticks = 0
  readonly #residents = new Set<Resident>()
  #waiting: Waiting[] = []

  constructor(limitBytes: number | undefined) {
    this.limitBytes = limitBytes
  }

  hasRoom(bytes: number): boolean {
    return this.#waiting.length === 0 && this.#missing(bytes) <= 0
  }

  async take(bytes: number, withinMs: number): Promise<void> {
    this.#refuseImpossible(bytes)
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting: Waiting = { bytes, resolve }
    this.#waiting.push(waiting)
    this.#serve()
    if (!this.#waiting.includes(waiting)) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((giveUp) => {
      timer = setTimeout(() => giveUp(true), withinMs)
    })
    const isLate = await Promise.race([promise, late])
    clearTimeout(timer)
    if (isLate !== true || !this.#waiting.includes(waiting)) return
    this.#waiting = this.#waiting.filter((other) => other !== waiting)
    this.#serve()
    throw gatewayErrors.MEMORY_BUDGET_BUSY({
      neededBytes: bytes,
      budgetBytes: this.limitBytes ?? 0,
      retryAfterSeconds: 1,
    })
  }

  giveBack(bytes: number): void {
    this.usedBytes -= bytes
    this.#serve()
  }

  add(resident: Resident): void {
    this.#residents.add(resident)
    this.stir()
  }

  remove(resident: Resident): void {
    this.#residents.delete(resident)
  }

  tick(): number {
    return ++this.#ticks
  }

  stir(): void {
    if (this.#waiting.length > 0) this.#serve()
  }

  /** Bytes that are over the limit once `bytes` are taken. */
  #missing(bytes: number): number {
    return this.limitBytes === undefined
      ? Number.NEGATIVE_INFINITY
      : this.usedBytes + bytes - this.limitBytes
  }

  #refuseImpossible(bytes: number): void {
    const { limitBytes } = this
    if (limitBytes === undefined) return
    const pinnedBytes = [...this.#residents]
      .filter(({ isPinned }) => isPinned)
      .reduce((sum, resident) => sum + resident.bytes, 0)
    if (bytes + pinnedBytes <= limitBytes) return
    throw gatewayErrors.MEMORY_BUDGET_TOO_SMALL({
      neededBytes: bytes,
      budgetBytes: limitBytes,
      pinnedBytes,
    })
  }

  /** In the order they came; who is not served yet is waited for by all behind. */
  #serve(): void {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const missing = this.#missing(next.bytes)
      if (missing > 0) {
        this.#makeRoom(missing - this.#leavingBytes)
        return
      }
      this.#waiting.shift()
      this.usedBytes += next.bytes
      next.resolve()
    }
  }

  #makeRoom(bytes: number): void {
    if (bytes <= 0) return
    for (const resident of leastRecentlyUsed(this.#residents, bytes)) {
      this.#residents.delete(resident)
      this.#leavingBytes += resident.bytes
      const left = () => {
        this.#leavingBytes -= resident.bytes
        this.giveBack(resident.bytes)
      }
      resident.leave().then(left, left)
    }
  }
}
