import { setImmediate } from 'node:timers/promises'
import { isPlatformError } from '../../core/errors/index.ts'
import type { Actor } from '../database/index.ts'
import { trackingErrors as errors } from './errors.ts'
import type { LogBatch } from './run.ts'

export interface WaitingBatch {
  readonly by: Actor
  readonly runId: string
  readonly batch: LogBatch
}

/** How each batch of a group ended: undefined when it was kept, otherwise its error. */
export type GroupOutcome = readonly (Error | undefined)[]

interface Waiting extends WaitingBatch {
  readonly entries: number
  readonly settle: (error: Error | undefined) => void
}

/** Entries (points, parameters, tags) that one transaction takes: a bound on how long it holds others up. */
const ENTRIES_PER_GROUP = 20_000
/** Entries that may wait. At some 200 bytes each, a bound on memory too. */
const MOST_ENTRIES_WAITING = 500_000

/**
 * Group commit: while one group of batches is written, the next ones gather, and then share one
 * transaction and so one write to the disk. Each batch settles after its group's commit.
 */
export class BatchQueue {
  readonly #write: (group: readonly WaitingBatch[]) => Promise<GroupOutcome>
  #waiting: Waiting[] = []
  #entriesWaiting = 0
  #isWriting = false

  constructor(write: (group: readonly WaitingBatch[]) => Promise<GroupOutcome>) {
    this.#write = write
  }

  /** Settles when the batch is kept. @throws TRACKING_OVERLOADED and what is wrong with the batch */
  add(waiting: WaitingBatch): Promise<void> {
    const { metrics, parameters, tags } = waiting.batch
    const entries = 1 + metrics.length + parameters.length + Object.keys(tags).length
    if (this.#entriesWaiting + entries > MOST_ENTRIES_WAITING)
      return Promise.reject(errors.TRACKING_OVERLOADED({ waiting: this.#waiting.length }))
    return new Promise((resolve, reject) => {
      const settle = (error: Error | undefined) => (error ? reject(error) : resolve())
      this.#waiting.push({ ...waiting, entries, settle })
      this.#entriesWaiting += entries
      if (!this.#isWriting) void this.#writeAll()
    })
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      // Requests that have arrived by now still come aboard.
      await setImmediate()
      const group = this.#takeGroup()
      const outcome = await this.#outcomeOf(group)
      group.forEach(({ settle }, index) => {
        settle(outcome[index])
      })
    }
    this.#isWriting = false
  }

  #takeGroup(): readonly Waiting[] {
    let entries = 0
    let count = 0
    for (const waiting of this.#waiting) {
      if (count > 0 && entries + waiting.entries > ENTRIES_PER_GROUP) break
      entries += waiting.entries
      count++
    }
    this.#entriesWaiting -= entries
    return this.#waiting.splice(0, count)
  }

  async #outcomeOf(group: readonly Waiting[]): Promise<GroupOutcome> {
    try {
      return await this.#write(group)
    } catch (error) {
      // A database that refuses one batch for a reason not foreseen must not refuse its neighbours.
      if (group.length > 1 && isPlatformError(error, 'DATABASE_FAILED'))
        return (await Promise.all(group.map((one) => this.#outcomeOf([one])))).flat()
      const reason = error instanceof Error ? error : new Error(String(error))
      return group.map(() => reason)
    }
  }
}
