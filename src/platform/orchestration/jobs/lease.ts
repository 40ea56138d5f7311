import type { Transaction } from '../../database/index.ts'

/** The right to be the only one who works on something, for a while. */
export interface Lease {
  readonly name: string
  /** Counts up with every holder: a later holder has a higher number, for ever. */
  readonly fence: number
}

export interface LeaseOptions {
  /** How long the lease lasts when its holder says nothing more, in milliseconds; at least 50. */
  readonly ttlMs: number
  /** Ends the work early, such as the stop of a server. */
  readonly signal?: AbortSignal
}

/** What came of work that needed a lease. */
export type LeasedWork<T> =
  | { readonly held: true; readonly value: T }
  /** Somebody else holds the lease; the work was not begun. */
  | { readonly held: false }

/**
 * Named leases in the database, for several servers side by side. Times are the servers' own: their
 * clocks must agree to well within the shortest lease. Where even that is not enough, `guard` lets
 * the database decide by the number of the holder.
 */
export interface Leases {
  /** Undefined while somebody holds it, this owner included. */
  acquire(name: string, ttlMs: number): Promise<Lease | undefined>
  /** Lasts anew from now on. @returns false when somebody else has taken it since. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>
  /** Frees it for the next one at once; nothing when it is somebody else's by now. */
  release(lease: Lease): Promise<void>
  /**
   * Lets a transaction through only while the lease is nobody else's; until the transaction ends
   * nobody else can take it.
   * @throws LEASE_LOST
   */
  guard(transaction: Transaction, lease: Lease): Promise<void>
  /**
   * Works under a lease, which is renewed as long as the work goes on. When it is lost (this process
   * stood still, or the database was gone for too long), the work's signal is aborted.
   * @throws LEASE_LOST when it was lost before the work ended, and whatever the work throws.
   */
  withLease<T>(
    name: string,
    options: LeaseOptions,
    work: (signal: AbortSignal, lease: Lease) => Promise<T>,
  ): Promise<LeasedWork<T>>
}
