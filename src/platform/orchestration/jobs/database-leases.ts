import { type Clock, systemClock } from '../../../core/time/index.ts'
import type { Database, Transaction } from '../../database/index.ts'
import { orchestrationErrors } from '../errors.ts'
import type { Lease, LeasedWork, LeaseOptions, Leases } from './lease.ts'

/** Renewals within the life of a lease: two may fail before the third comes too late. */
const RENEWALS = 3
const SHORTEST_TTL_MS = 50
/** A lease that lasts so much longer than it could was taken before the clock was set back. */
const IMPOSSIBLY_LONG_MS = 3_600_000

export interface LeasesOptions {
  /** Names this process among all of them, for people who look. */
  readonly owner: string
  readonly clock?: Clock
}

export function createLeases(database: Database, options: LeasesOptions): Leases {
  return new DatabaseLeases(database, options)
}

class DatabaseLeases implements Leases {
  readonly #database: Database
  readonly #owner: string
  readonly #clock: Clock

  constructor(database: Database, { owner, clock = systemClock }: LeasesOptions) {
    this.#database = database
    this.#owner = owner
    this.#clock = clock
  }

  async acquire(name: string, ttlMs: number): Promise<Lease | undefined> {
    const nowMs = this.#nowMs()
    const until_ms = nowMs + checked(ttlMs)
    const owner = this.#owner
    // One statement, so that of several who ask at once the database lets one through.
    const row = await this.#database.queries
      .insertInto('leases')
      .values({ name, owner, fence: 1, until_ms })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet((e) => ({ owner, until_ms, fence: e('leases.fence', '+', 1) }))
          .where((e) =>
            e.or([
              e('leases.until_ms', '<=', nowMs),
              e('leases.until_ms', '>', until_ms + IMPOSSIBLY_LONG_MS),
            ]),
          ),
      )
      .returning('fence')
      .executeTakeFirst()
    return row && { name, fence: row.fence }
  }

  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    return this.#lastUntil(lease, this.#nowMs() + checked(ttlMs))
  }

  async release(lease: Lease): Promise<void> {
    // The row stays: the next holder's number counts on from it.
    await this.#lastUntil(lease, 0)
  }

  async guard(transaction: Transaction, lease: Lease): Promise<void> {
    // A write, so that the row is locked until the transaction ends.
    const { numUpdatedRows } = await transaction
      .updateTable('leases')
      .set({ fence: lease.fence })
      .where('name', '=', lease.name)
      .where('fence', '=', lease.fence)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows === 0n) throw orchestrationErrors.LEASE_LOST({ name: lease.name })
  }

  async withLease<T>(
    name: string,
    options: LeaseOptions,
    work: (signal: AbortSignal, lease: Lease) => Promise<T>,
  ): Promise<LeasedWork<T>> {
    const sinceMs = performance.now()
    const lease = await this.acquire(name, options.ttlMs)
    if (lease === undefined) return { held: false }
    const lost = new AbortController()
    const heartbeat = this.#keepAlive(lease, { ...options, sinceMs }, lost)
    const signals = options.signal ? [lost.signal, options.signal] : [lost.signal]
    try {
      const value = await work(AbortSignal.any(signals), lease)
      lost.signal.throwIfAborted()
      return { held: true, value }
    } catch (error) {
      if (lost.signal.aborted) throw orchestrationErrors.LEASE_LOST({ name }, error)
      throw error
    } finally {
      await heartbeat.stop()
      // What cannot be released now frees itself when its time is over.
      await this.release(lease).catch(() => {})
    }
  }

  /** Renews until stopped; aborts `lost` when the lease is somebody else's or may be. */
  #keepAlive(
    lease: Lease,
    { ttlMs, sinceMs }: { readonly ttlMs: number; readonly sinceMs: number },
    lost: AbortController,
  ): { stop(): Promise<void> } {
    let renewedMs = sinceMs
    let renewing: Promise<void> = Promise.resolve()
    const beat = async (): Promise<void> => {
      const askedMs = performance.now()
      try {
        if (await this.renew(lease, ttlMs)) renewedMs = askedMs
        else lost.abort()
      } catch {
        // The database does not answer; the lease lasts a while yet, and the next beat tries again.
      }
    }
    let underWay = false
    const timer = setInterval(() => {
      // The time since the last renewal counts, also while a renewal hangs.
      if (performance.now() - renewedMs >= ttlMs) lost.abort()
      if (underWay || lost.signal.aborted) return
      underWay = true
      renewing = beat().finally(() => {
        underWay = false
      })
    }, ttlMs / RENEWALS)
    timer.unref()
    return {
      async stop() {
        clearInterval(timer)
        await renewing
      },
    }
  }

  async #lastUntil(lease: Lease, until_ms: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.queries
      .updateTable('leases')
      .set({ until_ms })
      .where('name', '=', lease.name)
      .where('fence', '=', lease.fence)
      .executeTakeFirstOrThrow()
    return numUpdatedRows === 1n
  }

  #nowMs(): number {
    return Math.round(this.#clock.now())
  }
}

function checked(ttlMs: number): number {
  if (Number.isFinite(ttlMs) && ttlMs >= SHORTEST_TTL_MS) return Math.round(ttlMs)
  throw new RangeError(`a lease lasts at least ${SHORTEST_TTL_MS} ms, not ${ttlMs}`)
}
