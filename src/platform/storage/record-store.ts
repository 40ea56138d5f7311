import type { RecordKind, RecordOf, StepRecord } from '../../core/records/index.ts'
import type { ChangeListener, Queries, Transaction } from '../database/index.ts'

export interface StoredRecord<K extends RecordKind> {
  readonly id: string
  readonly createdAtMs: number
  readonly record: RecordOf<K>
}

/**
 * The metadata of one project: immutable records, finished steps, and a few mutable states.
 *
 * Holds for every adapter: an acknowledged write survives `kill -9`; records are validated on the
 * way in and parsed on the way out; several processes may use one store at once; a project sees
 * nothing of another one in the same database, but for finished steps, whose keys are their content.
 */
export interface RecordStore {
  /**
   * Keeps a record for ever. Writing the same content under the same id again is no change.
   * @throws RECORD_CONFLICT when the id holds other content.
   * @throws STORAGE_FULL when the disk is full; nothing was written.
   */
  put<K extends RecordKind>(kind: K, id: string, record: RecordOf<K>): Promise<void>
  get<K extends RecordKind>(kind: K, id: string): Promise<RecordOf<K> | undefined>
  /** Newest first, at most `limit` (default 1,000). */
  list<K extends RecordKind>(
    kind: K,
    options?: { readonly limit?: number },
  ): Promise<StoredRecord<K>[]>

  /** A finished step by the digest of its inputs. */
  findStep(key: string): Promise<StepRecord | undefined>
  saveStep(step: StepRecord): Promise<void>

  /** A mutable document with its revision number; 0 and undefined when absent. */
  readState<T>(name: string): Promise<StateOf<T>>
  /**
   * Replaces a document if nobody else did meanwhile.
   * @returns the new revision.
   * @throws STATE_CONFLICT when the revision is no longer the current one.
   */
  writeState<T>(name: string, value: T, expectedRevision: number): Promise<number>

  /**
   * All of `work` or nothing; on a store of a transaction, all of `work` or nothing of it. `work`
   * uses the store it is handed, waits for nothing else, and may be run again after a deadlock.
   * Transactions of one project wait for each other, whichever process they are in.
   */
  transaction<T>(work: (store: RecordStore) => Promise<T>): Promise<T>

  /** The project whose records these are. */
  readonly project: string
  /** For reading what other modules keep beside the records, in the store's transaction if it has one. */
  readonly queries: Queries
  /**
   * For changing what other modules keep beside the records: like `transaction`, with the
   * transaction itself at hand. Changes that are governed are told to `listener` in there.
   */
  within<T>(work: (transaction: Transaction, store: RecordStore) => Promise<T>): Promise<T>
  readonly listener: ChangeListener
}

export interface StateOf<T> {
  readonly revision: number
  readonly value: T | undefined
}
